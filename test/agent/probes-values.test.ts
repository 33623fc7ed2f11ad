import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { fields, type Hit, marked, ProbeProgram, program, variable } from './probe-program.ts';

const file = program('values.cjs');
const where = { file: 'values.cjs', line: marked(file) };
const policy = {
  names: { hidden: { password: ['password'], key: ['api key'] }, harmlessEndings: [], harmlessBeginnings: [] },
  pause: false,
};

/** How each variable of the program is shown. */
const shown: Record<string, unknown> = {
  text: { $: 'string', text: 'x'.repeat(256), length: 1000 },
  circular: {
    $: 'object',
    fields: [
      ['name', 'loop'],
      ['self', { $: 'reference', path: 'circular' }],
    ],
  },
  huge: { $: 'array', length: 1_000_000, elements: Array(10).fill(7) },
  deep: {
    $: 'object',
    fields: [['a', { $: 'object', fields: [['b', { $: 'object', fields: [['c', { $: 'cut', why: 'depth' }]] }]] }]],
  },
  shared: {
    $: 'object',
    fields: [
      ['one', { $: 'reference', path: 'deep.a' }],
      ['two', { $: 'reference', path: 'deep' }],
    ],
  },
  withGetter: {
    $: 'object',
    fields: [
      ['plain', 1],
      ['trap', { $: 'getter' }],
      ['toString', { $: 'function', name: 'toString' }],
    ],
  },
  proxy: { $: 'proxy' },
  behindProxy: { $: 'object', fields: [] },
  map: {
    $: 'map',
    size: 2,
    entries: [
      ['key', { $: 'object', fields: [['deep', 1]] }],
      [{ $: 'object', fields: [['k', 1]] }, 2],
    ],
  },
  set: { $: 'array', className: 'Set', length: 2, elements: [1, 'two'] },
  tricky: { $: 'map', className: 'Tricky', size: 1, entries: [[1, 2]] },
  buffer: { $: 'array', className: 'Buffer', length: 29, elements: [104, 101, 108, 108, 111, 32, 119, 111, 114, 108] },
  date: { $: 'date', iso: '1970-01-01T00:00:00.000Z' },
  broken: { $: 'date', iso: 'Invalid Date' },
  regexp: { $: 'regexp', text: '/a\\/b/giu' },
  stackTrap: { $: 'error', className: 'Error', message: 'trap', fields: [] },
  named: { $: 'error', className: 'Named', message: 'with a name that runs', fields: [] },
  promise: { $: 'object', className: 'Promise', fields: [] },
  symbol: { $: 'symbol', text: 'Symbol(tag)' },
  bigint: { $: 'bigint', text: '12345678901234567890' },
  numbers: {
    $: 'array',
    length: 4,
    elements: [{ $: 'number', text: '-0' }, { $: 'number', text: 'NaN' }, { $: 'number', text: 'Infinity' }, 0.5],
  },
  card: { $: 'object', className: 'Card', fields: [['number', '4111']] },
  nothing: null,
  missing: { $: 'undefined' },
  fn: { $: 'function', name: 'named' },
  boxed: { $: 'object', className: 'String', fields: [['value', 'boxed']] },
  password: { $: 'redacted', rule: 'password' },
  account: {
    $: 'object',
    fields: [
      ['apiKey', { $: 'redacted', rule: 'key' }],
      ['owner', 'o'],
    ],
  },
  sparse: { $: 'array', length: 3, elements: [1, { $: 'undefined' }, 3] },
  closed: { $: 'function', name: 'closed' },
  nul: { $: 'object', fields: [['x', 1]] },
  moduleText: 'module',
};

const running: ProbeProgram[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

describe.each(nodes())('on Node $major', ({ execPath }) => {
  let app: ProbeProgram;
  beforeEach(async () => {
    app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.do('probes', { method: 'setPolicy', args: [policy] });
    await app.load(file);
  });

  async function take(depth = 3, expressions: string[] = []): Promise<Hit> {
    await app.arm({ where, expressions, limits: { hits: 1, depth, ttlMs: 10_000 } });
    await app.call(file, 'values', [{ a: 1 }, 2, 3]);
    return app.hit();
  }

  test('every kind of value is shown, and no code of the program runs for it', async () => {
    const { capture } = await take();
    expect(Object.fromEntries(Object.keys(shown).map((name) => [name, variable(capture, name)]))).toEqual(shown);
    expect(await app.call(file, 'ran')).toEqual([]);
    expect(capture.cut).toEqual(['depth']);
    expect(capture.redacted).toEqual({ password: 1, key: 1 });
    expect(capture.pauseMicros).toBeGreaterThan(0);
  });

  test('an error is shown with its message, cause, stack and own fields', async () => {
    const error = variable((await take()).capture, 'error');
    expect(error).toMatchObject({
      $: 'error',
      className: 'TypeError',
      message: 'bad',
      fields: expect.arrayContaining([['code', 'E_BAD']]),
    });
    expect((error as { stack: string }).stack).toMatch(/^TypeError: bad\n {4}at .*values/);
    expect((error as { fields: unknown }).fields).toContainEqual([
      'cause',
      expect.objectContaining({ $: 'error', message: 'why' }),
    ]);
  });

  test('depth 0 opens nothing, and depth 3 opens variable, field and field of a field', async () => {
    expect(variable((await take(0)).capture, 'deep')).toEqual({ $: 'cut', why: 'depth' });
    await app.arm({ where, limits: { hits: 1, depth: 9, ttlMs: 10_000 } });
    await app.call(file, 'values', []);
    const { a } = fields(variable((await app.hit(2)).capture, 'deep'));
    expect(fields(fields(a).b).c).toEqual({ $: 'cut', why: 'depth' });
  });

  test('an expression that reads a hidden name gives the rule, never the value', async () => {
    const { capture } = await take(3, [
      'password',
      'account.apiKey',
      "account['apiKey'] + 'x'",
      "account['api' + 'Key']",
      'password.length',
    ]);
    expect(capture.expressions.map((one) => ('value' in one ? one.value : one.error))).toEqual([
      { $: 'redacted', rule: 'password' },
      { $: 'redacted', rule: 'key' },
      { $: 'redacted', rule: 'key' },
      { $: 'redacted', rule: 'key' },
      { $: 'redacted', rule: 'password' },
    ]);
    expect(JSON.stringify(capture)).not.toContain('hunter2');
  });

  test('a condition on a hidden name is refused, so that a secret cannot be guessed bit by bit', async () => {
    const state = await app.arm({ where, condition: "password.startsWith('h')" });
    expect(state).toMatchObject({ state: 'failed', code: 'not-allowed' });
  });

  test('a capture never grows beyond its ceilings of values and bytes, and says which one it met', async () => {
    const many = program('many.cjs');
    await app.load(many);
    await app.arm({ where: { file: 'many.cjs', line: marked(many, 'nodes') } });
    await app.call(many, 'nodes');
    expect((await app.hit(1)).capture.cut).toContain('nodes');
    await app.arm({ where: { file: 'many.cjs', line: marked(many, 'bytes') } });
    await app.call(many, 'bytes');
    const hit = await app.hit(2);
    expect(hit.capture.cut).toContain('bytes');
    expect(Buffer.byteLength(JSON.stringify(hit))).toBeLessThan(256 * 1024);
  });

  test('a hit, also the last one, calls none of the methods that a program has patched since the agent was loaded', async () => {
    const patched = program('patched.cjs');
    app = await ProbeProgram.start(execPath, { maxShare: 1, maxCaptureMs: 1_000 });
    running.push(app);
    await app.do('probes', { method: 'setPolicy', args: [policy] });
    await app.load(patched);
    await app.call(patched, 'patch');
    const place = { file: 'patched.cjs', line: marked(patched) };
    await app.arm({ id: 'two', where: place, condition: "order.items.includes('a')", expressions: ['order.id + 1'] });
    await app.arm({ id: 'one', where: place, condition: 'order.id.deep === 1', limits: { hits: 2, depth: 3, ttlMs: 10_000 } });
    const seen = await app.call(patched, 'run');
    const { id, capture } = await app.hit();
    expect(seen).toEqual([]);
    expect(id).toBe('two');
    expect(variable(capture, 'order')).toMatchObject({
      $: 'object',
      fields: [
        ['id', 1],
        ['items', { $: 'array', length: 1, elements: ['a'] }],
      ],
    });
    expect(variable(capture, 'account')).toMatchObject({
      fields: [
        ['owner', 'o'],
        ['customerPassword', { $: 'redacted', rule: 'password' }],
        ['tokenCount', 3],
        ['API_KEYS', { $: 'redacted', rule: 'key' }],
      ],
    });
    expect(capture.expressions).toEqual([{ expression: 'order.id + 1', value: 2 }]);
    expect(variable(capture, 'custom')).toMatchObject({ $: 'error', message: 'own trace' });
    expect(variable(capture, 'custom')).not.toHaveProperty('stack');
    await app.until(() => app.states.some((state) => state.id === 'two' && state.state === 'removed'));
  });
});
