import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unknownName } from '../../src/agent/probes/names-in-scope.ts';
import { analyseScopes } from '../../src/agent/source/scopes.ts';
import { maxAnalysedChars } from '../../src/agent/source/spot.ts';
import { nodes } from './nodes.ts';
import { marked, ProbeProgram, program } from './probe-program.ts';

const file = program('names.cjs');
const line = marked(file);
const where = { file: 'programs/names.cjs', line };
const around = 'total, order, booking, quote, catalog, checkout, priceOf';

const running: ProbeProgram[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  let app: ProbeProgram;
  beforeEach(async () => {
    app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
  });

  test('an expression with a name that is not in scope is refused at once, with the nearest one and the others', async () => {
    await app.load(file);
    const state = await app.arm({ where, expressions: ['order.item', 'ordr.item'] });
    expect(state).toMatchObject({
      state: 'failed',
      code: 'bad-expression',
      message: `\`ordr\` is not a variable in scope on line ${line} of programs/names.cjs; did you mean \`order\`? In scope: ${around}`,
      problem: { part: 'expression', index: 1, name: 'ordr', nearest: ['order'], names: around.split(', ') },
    });
    expect(await app.do('globals')).toBe(0);
    expect(await app.do('count')).toBe(0);
  });

  test('a condition is checked as well, and globals are not in scope', async () => {
    await app.load(file);
    for (const name of ['process', 'globalThis', 'require', 'arguments', 'NaN', 'itm']) {
      expect(await app.arm({ where, condition: `order.count > 1 && ${name} === 1` }), name).toMatchObject({
        state: 'failed',
        code: 'bad-expression',
        message: `\`${name}\` is not a variable in scope on line ${line} of programs/names.cjs. In scope: ${around}`,
        problem: { part: 'condition', name, nearest: [], names: around.split(', ') },
      });
    }
  });

  test('`this`, `undefined`, members and every name around the line may be used', async () => {
    await app.load(file);
    const expressions = ['this', 'undefined', 'order.ordr', 'total', 'catalog.soup', 'priceOf', "'x' in order"];
    expect(await app.arm({ where, condition: 'this !== null && booking === 2', expressions })).toMatchObject({ state: 'armed' });
    await app.call(file, 'checkout', [{ item: 'soup', count: 3 }, 2]);
    expect((await app.hit()).capture.expressions).toContainEqual({ expression: 'total', value: 12 });
  });

  test('at most twenty names are listed, inner ones first', async () => {
    await app.load(file);
    const { message, problem } = await app.arm({ where: { ...where, line: marked(file, 'many') }, expressions: ['beta'] });
    expect(message).toMatch(/did you mean `beta0`\? In scope: alpha0, .*, beta9, …$/);
    expect(message?.split(', ')).toHaveLength(21);
    expect(problem?.nearest).toEqual(['beta0', 'beta1', 'beta2']);
    expect(problem?.names).toEqual(Array.from({ length: 10 }, (_, index) => `alpha${index}`));
  });

  test('an action that waits for its file is checked when the file is loaded', async () => {
    expect(await app.arm({ id: 'later', where, expressions: ['qoute'] })).toMatchObject({ state: 'pending' });
    await app.load(file);
    const state = await app.until(() => app.states.find((one) => one.id === 'later' && one.state === 'failed'));
    expect(state).toMatchObject({ code: 'bad-expression', message: expect.stringContaining('did you mean `quote`?') });
    expect(await app.call(file, 'checkout', [{ item: 'soup', count: 3 }, 2])).toBe(14);
    expect(await app.do('globals')).toBe(0);
  });
});

test('in a script too large to be read no name is called unknown: the agent says that it cannot tell', () => {
  const scopes = analyseScopes(' '.repeat(maxAnalysedChars + 1))(0);
  const location = { scopes, place: { file: 'big.js', line: 1 } };
  const watched = { text: 'order', node: ['name', 'order'] as ['name', string], names: ['order'] };
  const asked = (expressions: (typeof watched)[]) =>
    unknownName({ where: { file: 'big.js', line: 1 }, condition: undefined, expressions }, [location]);
  expect(asked([watched])).toMatchObject({ code: 'unsupported' });
  expect(asked([])).toBeUndefined();
});
