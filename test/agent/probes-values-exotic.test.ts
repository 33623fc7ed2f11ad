import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodes } from './nodes.ts';
import { fields, type Hit, marked, ProbeProgram, program, variable } from './probe-program.ts';

const exotic = program('exotic.mjs');
const privates = program('private.cjs');

/** How each variable of the program is shown. */
const shown: Record<string, unknown> = {
  generator: { $: 'object', className: 'Generator', fields: [] },
  asyncGenerator: { $: 'object', className: 'AsyncGenerator', fields: [] },
  iterator: { $: 'object', className: 'Map Iterator', fields: [] },
  weakMap: { $: 'object', className: 'WeakMap', fields: [] },
  weakSet: { $: 'object', className: 'WeakSet', fields: [] },
  weakRef: { $: 'object', className: 'WeakRef', fields: [] },
  fulfilled: { $: 'object', className: 'Promise', fields: [] },
  rejected: { $: 'object', className: 'Promise', fields: [] },
  view: { $: 'object', className: 'DataView', fields: [['byteLength', 4]] },
  outOfBounds: { $: 'object', className: 'DataView', fields: [['byteLength', { $: 'undefined' }]] },
  resizable: { $: 'object', className: 'ArrayBuffer', fields: [['byteLength', 2]] },
  sharedBuffer: { $: 'object', className: 'SharedArrayBuffer', fields: [['byteLength', 4]] },
  detached: { $: 'array', className: 'Uint8Array', length: 0, elements: [] },
  floats: {
    $: 'array',
    className: 'Float64Array',
    length: 3,
    elements: [{ $: 'number', text: '-0' }, { $: 'number', text: 'NaN' }, 0.5],
  },
  bigs: { $: 'array', className: 'BigInt64Array', length: 1, elements: [{ $: 'bigint', text: '-1' }] },
  keyed: {
    $: 'object',
    fields: [
      ['plain', 2],
      ['Symbol(tag)', 1],
      ['Symbol(Symbol.iterator)', { $: 'function', name: '' }],
    ],
  },
  withFields: {
    $: 'object',
    className: 'Function',
    fields: [
      ['name', 'handler'],
      ['list', { $: 'array', length: 1, elements: [1] }],
      ['trap', { $: 'getter' }],
    ],
  },
  Plain: {
    $: 'object',
    className: 'Function',
    fields: [
      ['name', 'Plain'],
      ['trap', { $: 'getter' }],
      ['instances', 2],
    ],
  },
  boxed: {
    $: 'array',
    length: 4,
    elements: [
      { $: 'object', className: 'Number', fields: [['value', 1]] },
      { $: 'object', className: 'Boolean', fields: [['value', true]] },
      { $: 'object', className: 'BigInt', fields: [['value', { $: 'bigint', text: '1' }]] },
      { $: 'object', className: 'Symbol', fields: [['value', { $: 'symbol', text: 'Symbol(b)' }]] },
    ],
  },
  bare: { $: 'object', fields: [['x', { $: 'number', text: '-0' }]] },
  lists: { $: 'array', className: 'Arguments', length: 2, elements: [1, 'two'] },
  // Putting three million characters together would hold the program.
  rope: { $: 'string', text: '', length: 3_000_000 },
  described: { $: 'symbol', text: '' },
  regexp: { $: 'regexp', text: '/a/dgimsuy' },
  realm: { $: 'proxy' },
  foreign: {
    $: 'object',
    fields: [
      ['plain', { $: 'object', fields: [['a', 1]] }],
      ['far', { $: 'object', className: 'Far', fields: [['x', 1]] }],
      ['map', { $: 'map', size: 1, entries: [[1, 2]] }],
      ['list', { $: 'array', length: 1, elements: [1] }],
      ['error', { $: 'error', className: 'RangeError', message: 'far', fields: [] }],
      ['date', { $: 'date', iso: '1970-01-01T00:00:00.000Z' }],
    ],
  },
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
  });

  async function hide(hidden: Record<string, string[]>): Promise<void> {
    const policy = { names: { hidden, harmlessEndings: [], harmlessBeginnings: [] }, pause: false };
    await app.do('probes', { method: 'setPolicy', args: [policy] });
  }

  async function take(expressions: string[] = []): Promise<Hit> {
    await app.load(exotic);
    await app.arm({ where: { file: 'exotic.mjs', line: marked(exotic) }, expressions });
    await app.call(exotic, 'exotic');
    return app.hit();
  }

  async function takePrivate(mark: string, call: string, expressions: string[] = []): Promise<Hit> {
    await hide({ password: ['password'] });
    await app.load(privates);
    const armed = await app.arm({ where: { file: 'private.cjs', line: marked(privates, mark) }, expressions });
    expect(armed).toMatchObject({ state: 'armed' });
    await app.call(privates, call);
    const hit = await app.hit();
    expect(await app.call(privates, 'ran')).toEqual([]);
    return hit;
  }

  test('rare kinds of values are shown as what they are, and no code of the program runs for them', async () => {
    const { capture } = await take(['realm', 'foreign', 'Plain']);
    const found = new Map(capture.expressions.map((one) => [one.expression, 'value' in one ? one.value : one.error]));
    expect(Object.fromEntries(Object.keys(shown).map((name) => [name, variable(capture, name) ?? found.get(name)]))).toEqual(
      shown,
    );
    expect(await app.call(exotic, 'askRan')).toEqual([]);
  });

  test('a cause and gathered errors are shown as fields of the error', async () => {
    const { capture } = await take();
    expect(variable(capture, 'caused')).toMatchObject({
      className: 'Quiet',
      message: 'caused',
      fields: expect.arrayContaining([['cause', { $: 'object', fields: [['code', 'E_CAUSE']] }]]),
    });
    expect(variable(capture, 'aggregate')).toMatchObject({
      className: 'AggregateError',
      message: 'all failed',
      fields: [['errors', { $: 'array', length: 1, elements: [expect.objectContaining({ $: 'error', message: 'first' })] }]],
    });
  });

  test('a rule that hides `message` hides the message of errors, and the stack that begins with it', async () => {
    await hide({ text: ['message'] });
    const { capture } = await take(['caused', 'caused.message']);
    const text = JSON.stringify(capture.expressions) + JSON.stringify(variable(capture, 'aggregate'));
    expect(text).not.toMatch(/Quiet: |all failed|first/);
    const [shown] = capture.expressions as { value: { message: string; stack?: string; fields: unknown[] } }[];
    expect(shown?.value).toMatchObject({ $: 'error', message: '' });
    expect(shown?.value.stack).toBeUndefined();
    expect(shown?.value.fields).toContainEqual(['message', { $: 'redacted', rule: 'text' }]);
    expect(capture.redacted.text).toBeGreaterThan(1);
  });

  test('a rule that hides `stack` leaves the message of errors', async () => {
    await hide({ trace: ['stack'] });
    const { capture } = await take(['caused']);
    const [shown] = capture.expressions as { value: object }[];
    expect(shown?.value).toMatchObject({
      message: 'caused',
      fields: expect.arrayContaining([['stack', { $: 'redacted', rule: 'trace' }]]),
    });
    expect(shown?.value).not.toHaveProperty('stack');
  });

  test('the keys of a huge object are listed once, and its first fields are shown at each hit', async () => {
    await app.load(exotic);
    const where = { file: 'exotic.mjs', line: marked(exotic, 'crowd') };
    await app.arm({ where, expressions: ['crowd'], limits: { hits: 3, depth: 3, ttlMs: 30_000 } });
    for (let hit = 1; hit <= 3; hit += 1) {
      await app.call(exotic, 'crowded');
      const [read] = (await app.hit(hit)).capture.expressions as { value: { fields: [string, number][]; more: number } }[];
      // The program adds a key each time: they are counted when they are listed, which is the first time only.
      expect(read?.value).toMatchObject({ $: 'object', more: 29_971 });
      expect(read?.value.fields.slice(0, 2)).toEqual([
        ['key 0', 0],
        ['key 1', 1],
      ]);
    }
  });

  test('a binding of a module that is not initialised yet is told so, and does not end the process', async () => {
    const main = program('dead-zone.mjs');
    const resting = program('dead-zone-resting.mjs');
    await app.load(main);
    await app.call(main, 'begin');
    const where = { file: 'dead-zone-resting.mjs', line: marked(resting) };
    const expressions = ['module.stack', 'stack', 'text', 'Later', 'typeof Later'];
    await app.arm({ id: 'condition', where, condition: "stack === 'ready' || Later === undefined" });
    await app.arm({ id: 'shown', where, expressions, limits: { hits: 2, depth: 1, ttlMs: 30_000 } });
    await app.call(main, 'glance');
    await app.until(() => app.hits.some(({ id }) => id === 'shown'));
    await app.call(main, 'end');
    await app.call(main, 'glance');
    const [early, late] = await app.until(() =>
      app.hits.length === 3 ? app.hits.filter(({ id }) => id === 'shown') : undefined,
    );
    const read = (hit: Hit | undefined): unknown[] =>
      hit?.capture.expressions.map((one) => ('value' in one ? one.value : one.error)) ?? [];
    expect(read(early)).toEqual([
      '`stack` is not initialised yet.',
      '`stack` is not initialised yet on this line.',
      '`text` is not initialised yet on this line.',
      '`Later` is not initialised yet on this line.',
      '`Later` is not initialised yet on this line.',
    ]);
    expect(read(late)).toEqual(['ready', 'ready', 'later', { $: 'function', name: 'Later' }, 'function']);
    const shownAs = ({ capture }: Hit): unknown => fields(variable(capture, 'module')).stack;
    expect([early, late].map((hit) => shownAs(hit as Hit))).toEqual([{ $: 'uninitialised' }, 'ready']);
    const last = await app.until(() => app.states.find(({ id, state }) => id === 'condition' && state === 'removed'));
    expect(last.skipped?.error).toBe(1);
  });

  test('private fields are shown among those of `this`, and expressions read them', async () => {
    const { capture } = await takePrivate('method', 'check', [
      'this.#pin',
      'this.#owner.deep',
      'this.#password',
      'this.#pin + 1',
    ]);
    const self = fields(capture.this);
    expect(Object.keys(self).slice(0, 3)).toEqual(['#pin', '#owner', '#password']);
    expect(self).toMatchObject({
      '#pin': 1234,
      '#owner': {
        $: 'object',
        fields: [
          ['name', 'o'],
          ['deep', { $: 'object', fields: [['deeper', { $: 'cut', why: 'depth' }]] }],
        ],
      },
      '#password': { $: 'redacted', rule: 'password' },
      number: '4111',
    });
    expect(self).not.toHaveProperty('#trap');
    expect(self).not.toHaveProperty('#pay');
    expect(capture.expressions.map((one) => ('value' in one ? one.value : one.error))).toEqual([
      1234,
      { $: 'object', fields: [['deeper', { $: 'object', fields: [['deepest', 1]] }]] },
      { $: 'redacted', rule: 'password' },
      1235,
    ]);
    expect(JSON.stringify(capture)).not.toContain('hunter2');
  });

  test('a condition reads a private field, also in an arrow function', async () => {
    await app.load(privates);
    await app.arm({ where: { file: 'private.cjs', line: marked(privates, 'arrow') }, condition: 'this.#pin === 1234' });
    await app.call(privates, 'later');
    expect(fields((await app.hit()).capture.this)).toMatchObject({ '#pin': 1234 });
  });

  test('private fields are left out where `this` has none, and a proxy is not asked for them', async () => {
    const { capture } = await takePrivate('other', 'foreign', ['this.#pin']);
    expect(fields(capture.this)).toEqual({ number: 'x', trap: { $: 'getter' } });
    expect(capture.expressions).toEqual([{ expression: 'this.#pin', error: '`this` has no `#pin` here.' }]);
    await app.arm({ where: { file: 'private.cjs', line: marked(privates, 'other') } });
    await app.call(privates, 'behindProxy');
    expect((await app.hit(2)).capture.this).toEqual({ $: 'proxy' });
    expect(await app.call(privates, 'ran')).toEqual([]);
  });
});
