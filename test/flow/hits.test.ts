import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineOf, type Scenario } from '../../agents-sim/scenario.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Answer, type Caller, connectCaller, onCheckout, startAgent } from './world.ts';

interface Told {
  summary?: {
    hits: number;
    varying: number;
    constant: number;
    messages?: { value: unknown; count: number }[];
    paths: {
      path: string;
      value?: unknown;
      types?: Record<string, number>;
      values?: { value: unknown; count: number }[];
      min?: number;
    }[];
    morePaths?: number;
  };
  values?: { hit: number; value?: unknown; missing?: string }[];
  messages?: { number: number; message: string }[];
  part?: { from: number; of: number; text: string };
  next?: { tool: string; arguments: Record<string, unknown> };
  missing?: Record<string, unknown>;
  groups?: Record<string, unknown>;
  paths?: { path: string; separates: string; by: string; a: Record<string, unknown>; b: Record<string, unknown> }[];
  counted?: Record<string, unknown>;
}
type Hits = Answer['structured'] & Told;

const bulkSource = 'export function load(rows) {\n  return rows; // <- rows\n}\n';
const bulkFile = 'src/load.js';

/** A checkout whose passes show some 1,500 bytes each. */
function wordy(service: string): Scenario {
  const { next, ...rest } = checkout();
  const words = Array.from({ length: 8 }, (_, at) => `${at}: nothing that differs from pass to pass, and nothing that helps.`);
  return {
    ...rest,
    service,
    next(random) {
      const pass = next(random);
      return { ...pass, scopes: [...pass.scopes, { kind: 'closure', values: { words } }] };
    },
  };
}

/** One pass shows about 200 kB. */
function bulky(): Scenario {
  const text = 'plain words of a program, again and again. '.repeat(6).slice(0, 240);
  const row = () => Object.fromEntries(Array.from({ length: 27 }, (_, at) => [`field${at}`, text]));
  const rows = Object.fromEntries(Array.from({ length: 28 }, (_, at) => [`row${at}`, row()]));
  const pass = { file: bulkFile, line: lineOf(bulkSource, '<- rows'), function: 'load', callers: [], pauseMicros: 100 };
  return {
    service: 'bulk',
    files: { [bulkFile]: bulkSource },
    next: () => ({ ...pass, scopes: [{ kind: 'local', values: { rows } }] }),
  };
}

let bridge: TestBridge;
let caller: Caller;
let reader: Caller;
const agents: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  bridge = await startBridge();
  const passesPerSecond = 50;
  agents.push(
    await startAgent(bridge, {
      passesPerSecond,
      scenario: wordy('checkout'),
      version: '1.2.0',
      commit: '1f2e3d4c5b6a798897a6b5c4d3e2f10011223344',
    }),
  );
  agents.push(await startAgent(bridge, { passesPerSecond, scenario: wordy('next'), version: '2.0.0' }));
  agents.push(await startAgent(bridge, { passesPerSecond, scenario: bulky() }));
  agents.push(await startAgent(bridge, { passesPerSecond, scenario: leaky() }));
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  reader = await connectCaller(bridge.mcpUrl, bridge.readKey);
}, 60_000);
afterAll(async () => {
  await Promise.all([...agents.map((agent) => agent.stop()), caller?.close(), reader?.close()]);
  await bridge?.close();
});

const ask = async (who: Caller, tool: string, args: Record<string, unknown>): Promise<Hits & { text: string }> => {
  const { structured, text } = await who.call(tool, args);
  return { ...structured, text };
};
const getHits = (args: Record<string, unknown>) => ask(reader, 'get_hits', args);
const taken = (args: Record<string, unknown>) => ask(caller, 'take_snapshot', { ...onCheckout, timeoutSeconds: 60, ...args });
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** All hits of an action, page by page. */
async function allHits(actionId: string, maxBytes?: number): Promise<{ hits: unknown[]; pages: number }> {
  const hits: unknown[] = [];
  let text = '';
  let pages = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await getHits({ actionId, view: 'raw', cursor, maxBytes });
    expect(page.error).toBeUndefined();
    pages += 1;
    expect(bytesOf(page.part ?? page.hits)).toBeLessThanOrEqual(maxBytes ?? 20_000);
    if (page.part !== undefined) {
      expect(page.part.from).toBe(text.length);
      text += page.part.text;
      if (text.length === page.part.of) {
        hits.push(JSON.parse(text));
        text = '';
      }
    }
    hits.push(...page.hits);
    cursor = page.nextCursor;
    if (cursor === undefined) return { hits, pages };
  }
}

describe('twenty hits', () => {
  let snapshot: Hits & { text: string };
  beforeAll(async () => {
    snapshot = await taken({ maxHits: 20, expressions: ['order.items.length'] });
  }, 60_000);

  it('that are too many for one answer come as a summary with the first and the last, and say so', () => {
    const { summary, hits, notes, next, text, actionId } = snapshot;
    expect(snapshot).toMatchObject({ status: 'completed', hitCount: 20 });
    expect(summary).toMatchObject({ hits: 20, firstHit: 1, lastHit: 20 });
    expect(hits.map(({ number }) => number)).toEqual([1, 20]);
    expect(bytesOf({ summary, hits })).toBeLessThanOrEqual(20_500);
    expect(notes[0]).toMatch(/^The 20 hits are larger than 20000 bytes: this is a summary, with the first and the last\./);
    expect(next).toMatchObject({ tool: 'get_hits', arguments: { actionId } });
    expect(text).toContain(
      `Summary of 20 hits: ${summary?.varying} paths vary, ${summary?.constant} are the same in all of them.`,
    );
  });

  it('come in as few bytes as the snapshot asks for, and are all there', async () => {
    const { actionId, summary, hits, notes, next } = await taken({ maxHits: 20, maxBytes: 2_000 });
    expect(summary).toMatchObject({ hits: 20, morePaths: expect.any(Number) });
    expect(bytesOf({ summary, hits })).toBeLessThanOrEqual(2_500);
    expect(notes[0]).toMatch(/^The 20 hits are larger than 2000 bytes: this is a summary\./);
    expect(next).toMatchObject({ tool: 'get_hits', arguments: { actionId, view: 'summary', maxBytes: 2_000 } });
    expect((await allHits(actionId)).hits).toHaveLength(20);
  }, 60_000);

  it('are whole in one answer that may be larger', async () => {
    const { hits, summary } = await ask(reader, 'wait_for_hits', { actionId: snapshot.actionId, maxBytes: 160_000 });
    expect(hits.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(summary).toBeUndefined();
  });

  it('have right counts in their summary, over all its pages', async () => {
    const { hits } = await ask(reader, 'wait_for_hits', { actionId: snapshot.actionId, maxBytes: 160_000 });
    const tiers = hits.map(({ variables }) => (variables.order as { customer: { tier: string } }).customer.tier);
    const totals = hits.map(({ variables }) => variables.total as number);
    const paths = new Map<string, NonNullable<Told['summary']>['paths'][number]>();
    let cursor: string | undefined;
    do {
      const page = await getHits({ actionId: snapshot.actionId, maxBytes: 3_000, cursor });
      for (const path of page.summary?.paths ?? []) {
        expect(paths.has(path.path)).toBe(false);
        paths.set(path.path, path);
      }
      expect(bytesOf(page.summary)).toBeLessThanOrEqual(3_100);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(paths.size).toBe((snapshot.summary?.varying ?? 0) + (snapshot.summary?.constant ?? 0));
    for (const tier of new Set(tiers)) {
      const counted = paths.get('customer.tier')?.values?.find(({ value }) => value === tier)?.count;
      expect(counted).toBe(tiers.filter((one) => one === tier).length);
    }
    expect(paths.get('total')).toMatchObject({ min: Math.min(...totals), max: Math.max(...totals) });
    expect(paths.get('@function')).toEqual({ path: '@function', value: 'priceOf' });
  });

  it('show one path each, also where it is missing', async () => {
    const { hits } = await ask(reader, 'wait_for_hits', { actionId: snapshot.actionId, maxBytes: 160_000 });
    const { values } = await getHits({ actionId: snapshot.actionId, path: 'order.items[1].price' });
    expect(values).toEqual(
      hits.map(({ number, variables }) => {
        const item = (variables.order as { items: { price: number }[] }).items[1];
        return item === undefined
          ? { hit: number, missing: 'absent', why: expect.any(String) }
          : { hit: number, value: item.price };
      }),
    );
    expect((await getHits({ actionId: snapshot.actionId, path: 'order.items.length' })).values).toHaveLength(20);
  });

  it.each([1_000, 2_500, 20_000])('come whole, each once, in pages of %i bytes', async (maxBytes) => {
    const { hits } = await ask(reader, 'wait_for_hits', { actionId: snapshot.actionId, maxBytes: 160_000 });
    const paged = await allHits(snapshot.actionId, maxBytes);
    expect(paged.hits).toEqual(hits);
    expect(paged.pages).toBeGreaterThan(1);
  });

  it('are read one by one', async () => {
    const { hits, nextCursor } = await getHits({ actionId: snapshot.actionId, hit: 7 });
    expect(hits).toMatchObject([{ number: 7 }]);
    expect(nextCursor).toBeUndefined();
  });

  it.each([
    { name: 'a hit there is not', args: { hit: 21 }, code: 'not_found', field: 'hit' },
    { name: 'hit 0', args: { hit: 0 }, code: 'limit_exceeded', field: 'hit' },
    { name: 'a hit beyond all limits', args: { hit: 99 }, code: 'limit_exceeded', field: 'hit' },
    { name: 'what is no path', args: { path: 'order.total()' }, code: 'invalid_expression', field: 'path' },
    { name: 'a fact there is not', args: { path: '@nothing' }, code: 'invalid_expression', field: 'path' },
    { name: 'the view path without one', args: { view: 'path' }, code: 'invalid_expression', field: 'path' },
    { name: 'a path beside another view', args: { view: 'raw', path: 'order' }, code: 'invalid_input', field: 'path' },
    { name: 'a cursor of nobody', args: { cursor: 'abc' }, code: 'invalid_input', field: 'cursor' },
    { name: 'too few bytes', args: { maxBytes: 10 }, code: 'limit_exceeded', field: 'maxBytes' },
  ])('refuse $name', async ({ args, code, field }) => {
    expect((await getHits({ actionId: snapshot.actionId, ...args })).error).toMatchObject({ code, field });
  });

  it.each([{ path: 'order.items' }, { view: 'raw' }, { view: 'summary' }])('go on as their own next says: %j', async (args) => {
    const actionId = snapshot.actionId;
    const pages = [await getHits({ actionId, maxBytes: 1_000, ...args })];
    for (let page = pages[0]; page?.next !== undefined; page = pages.at(-1)) {
      expect(page.next).toMatchObject({ tool: 'get_hits', arguments: { maxBytes: 1_000 } });
      pages.push(await getHits(page.next.arguments));
      expect(pages.at(-1)?.error).toBeUndefined();
    }
    expect(pages.length).toBeGreaterThan(1);
    const values = pages.flatMap((page) => page.values ?? []);
    if ('path' in args) expect(values.map(({ hit }) => hit)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  });

  it('refuse a cursor of another action, path or hit, and one behind the last hit', async () => {
    const { actionId } = snapshot;
    const other = await taken({ maxHits: 20 });
    const small = { maxBytes: 1_000 };
    const raw = (await getHits({ actionId, view: 'raw', ...small })).nextCursor ?? '';
    const path = (await getHits({ actionId, path: 'order.items', ...small })).nextCursor ?? '';
    const place = JSON.parse(Buffer.from(path, 'base64url').toString()) as Record<string, unknown>;
    const cursorAt = (at: number) => Buffer.from(JSON.stringify({ ...place, at })).toString('base64url');
    for (const args of [
      { actionId: other.actionId, view: 'raw', cursor: raw },
      { actionId, path: 'order.id', cursor: path },
      { actionId, hit: 7, cursor: raw },
      ...[0, 21, 9_999_999_999].map((at) => ({ actionId, path: 'order.items', cursor: cursorAt(at) })),
    ]) {
      expect((await getHits(args)).error).toMatchObject({ code: 'invalid_input', field: 'cursor', next: expect.any(String) });
    }
    expect((await getHits({ actionId, path: ' order . items ', cursor: path })).values?.[0]?.hit).toBe(place.at);
  }, 60_000);

  it.each([
    { path: 'ordr.items', didYouMean: ['order.items'] },
    { path: 'order.itmes[0].price', didYouMean: ['order.items[0].price'] },
    { path: 'order.customer.teir', didYouMean: ['order.customer.tier'] },
    { path: 'zzzzzzzz.items', didYouMean: undefined },
    { path: '@durationMs', didYouMean: undefined },
  ])('say once that none of them has $path', async ({ path, didYouMean }) => {
    const { values, missing, notes, next, nextCursor } = await getHits({ actionId: snapshot.actionId, path });
    expect(values).toEqual([]);
    expect(missing).toEqual({ why: expect.any(String), ...(didYouMean === undefined ? {} : { didYouMean }) });
    expect(notes[0]).toMatch(/^None of the hits 1 to 20 has this path/);
    expect(next).toMatchObject({ tool: 'get_hits', arguments: { actionId: snapshot.actionId, view: 'summary' } });
    expect(nextCursor).toBeUndefined();
  });

  it('refuse a cursor of another view', async () => {
    const { nextCursor } = await getHits({ actionId: snapshot.actionId, view: 'raw', maxBytes: 1_000 });
    const { error } = await getHits({ actionId: snapshot.actionId, view: 'summary', cursor: nextCursor });
    expect(error).toMatchObject({ code: 'invalid_input', field: 'cursor' });
  });

  it('of others are not there', async () => {
    const { error } = await getHits({ actionId: `act_${'0'.repeat(22)}` });
    expect(error).toMatchObject({ code: 'not_found', field: 'actionId' });
  });

  it('are compared by what they hold', async () => {
    const { groups, paths, text } = await ask(reader, 'compare_hits', {
      a: { actionIds: [snapshot.actionId], where: "customer.tier === 'gold'" },
    });
    const gold = snapshot.summary?.paths
      .find(({ path }) => path === 'customer.tier')
      ?.values?.find(({ value }) => value === 'gold');
    expect(groups).toMatchObject({ a: gold?.count, b: 20 - (gold?.count ?? 0), undecided: 0 });
    expect(paths?.[0]).toMatchObject({ separates: 'fully' });
    const fully = paths?.filter(({ separates }) => separates === 'fully').map(({ path }) => path);
    expect(fully).toContain('discount');
    // The order's customer is the customer that was asked for.
    expect(fully).not.toContain('order.customer.tier');
    expect(text).toMatch(/Compared \d+ hits \(a\) with \d+ \(b\): \d+ paths tell them apart, \d+ of them fully\./);
  });

  it.each([
    { name: 'no actions', args: { a: { where: 'total > 1' } }, code: 'invalid_input', field: 'a.actionIds' },
    {
      name: 'an action there is not',
      args: { b: { actionIds: [`act_${'0'.repeat(22)}`] } },
      code: 'not_found',
      field: 'b.actionIds[0]',
    },
    { name: 'what is no handle', args: { b: { actionIds: ['x'] } }, code: 'invalid_input', field: 'b.actionIds[0]' },
    { name: 'a call', args: { b: { where: 'f()' } }, code: 'invalid_expression', field: 'b.where' },
    { name: 'a version there is not', args: { b: { version: '9.9.9' } }, code: 'not_found', field: 'b.version' },
  ])('are not compared with $name', async ({ args, code, field }) => {
    const { error } = await ask(reader, 'compare_hits', { a: { actionIds: [snapshot.actionId] }, ...args });
    expect(error).toMatchObject({ code, field });
  });

  it('say so when a condition cannot be worked out, or nothing fits', async () => {
    const a = { actionIds: [snapshot.actionId], where: 'nothing.here > 1' };
    const { groups, paths, notes } = await ask(reader, 'compare_hits', { a });
    expect(groups).toMatchObject({ a: 0, b: 0, undecided: 20, reasons: ['nothing: no such variable was captured'] });
    expect(paths).toEqual([]);
    expect(notes.join()).toMatch(/a and b have no hit.*20 hits are in no group/);
  });

  it('say which path of a condition none of them has, and what it may be', async () => {
    const actionIds = [snapshot.actionId];
    const answer = await ask(reader, 'compare_hits', { a: { actionIds, where: 'order.itmes !== undefined' } });
    expect(answer.groups).toMatchObject({
      ...{ a: 0, b: 20 },
      missing: [{ path: 'order.itmes', didYouMean: ['order.items'] }],
    });
    expect(answer.notes.join()).toMatch(/a has no hit.*No hit has a path that where asks for: see groups\.missing/);
    expect(answer.next).toMatchObject({ tool: 'get_hits', arguments: { actionId: snapshot.actionId } });
    const misspelt = await ask(reader, 'compare_hits', { a: { actionIds, where: 'order.custmer.tier === 1' } });
    expect(misspelt.groups).toMatchObject({
      undecided: 20,
      missing: [{ path: 'order.custmer.tier', didYouMean: ['order.customer.tier'] }],
    });
    const fine = await ask(reader, 'compare_hits', { a: { actionIds, where: 'total > 0' } });
    expect(fine.groups).not.toHaveProperty('missing');
  });

  it('name both groups that are empty, and where to look', async () => {
    const a = { actionIds: [snapshot.actionId], minDurationMs: 1 };
    const { notes, next } = await ask(reader, 'compare_hits', { a, b: { where: 'total < 0 && total > 0' } });
    expect(notes[0]).toBe('There is nothing to compare: a and b have no hit.');
    expect(next).toMatchObject({ tool: 'get_hits', arguments: { actionId: snapshot.actionId, view: 'summary' } });
  });
});

describe('two versions', () => {
  it('are compared over two actions, by version or commit, however long the programs have been gone', async () => {
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    const other = await startBridge({}, clock);
    const passesPerSecond = 50;
    const programs = [
      { version: '1.2.0', commit: '1f2e3d4c5b6a798897a6b5c4d3e2f10011223344' },
      { version: '2.0.0', commit: 'abcdef0123' },
    ];
    const running = await Promise.all(
      programs.map((program) => startAgent(other, { passesPerSecond, ...program, scenario: wordy(program.version) })),
    );
    const who = await connectCaller(other.mcpUrl, other.fullKey);
    const snapshots = await Promise.all(
      programs.map(({ version }) =>
        ask(who, 'take_snapshot', { ...onCheckout, maxHits: 8, timeoutSeconds: 60, source: { version } }),
      ),
    );
    await Promise.all(running.map((agent) => agent.stop()));
    passedMs = 3 * 3_600_000;
    const actionIds = snapshots.map(({ actionId }) => actionId);
    const shares = async (a: string, b: string) => {
      const args = { a: { actionIds, version: a }, b: { actionIds, version: b } };
      const { groups, counted, error } = await ask(who, 'compare_hits', args);
      return error ?? { groups, asked: counted?.asked };
    };
    const each = { groups: expect.objectContaining({ a: 8, b: 8, both: 0, neither: 0 }), asked: 1 };
    expect(await shares('1.2.0', '2.0.0')).toEqual(each);
    expect(await shares('1f2e3d4c5b6a798897a6b5c4d3e2f10011223344', 'abcdef0123')).toEqual(each);
    expect(await shares('1f2e3d4', '2.0.0')).toEqual(each);
    expect(await shares('1f2e3d', '2.0.0')).toMatchObject({
      ...{ code: 'not_found', field: 'a.version' },
      data: { versions: ['1.2.0', '2.0.0'], commits: programs.map(({ commit }) => commit) },
    });
    await who.close();
    await other.close();
  }, 60_000);
});

describe('a hit of 200 kB', () => {
  it('is read to its last byte, in any pages, and as a summary', async () => {
    const source = { service: 'bulk' };
    const { actionId, hits, notes, summary } = await taken({
      source,
      file: bulkFile,
      line: lineOf(bulkSource, '<- rows'),
      maxHits: 2,
    });
    expect(hits).toEqual([]);
    expect(notes[0]).toMatch(/^The 2 hits are larger than 20000 bytes: this is a summary\./);
    expect(summary?.paths.length).toBeGreaterThan(0);
    const small = await allHits(actionId, 30_000);
    const large = await allHits(actionId, 160_000);
    expect(small.hits).toEqual(large.hits);
    expect(small.hits).toHaveLength(2);
    expect(bytesOf(small.hits[0])).toBeGreaterThan(180_000);
    expect(small.pages).toBeGreaterThan(large.pages);
  }, 60_000);
});

describe('values that are hidden', () => {
  it('stay hidden in a summary, at a path and in a comparison', async () => {
    const { actionId } = await taken({ source: { service: 'sign-in' }, file: leakyFile, line: leakyLine, maxHits: 6 });
    const answers = [
      await getHits({ actionId, maxBytes: 100_000 }),
      await getHits({ actionId, path: 'user.email' }),
      await getHits({ actionId, path: 'lines' }),
      await ask(reader, 'compare_hits', { a: { actionIds: [actionId], where: `user.email === '${secrets.email}'` } }),
      await ask(reader, 'compare_hits', {
        a: { actionIds: [actionId], where: "user.name === 'Maria'" },
        b: { where: 'user.missing' },
      }),
    ];
    expect(answers[0]?.summary?.paths.find(({ path }) => path === 'user.email')?.value).toMatch(/^\[REDACTED:email/);
    expect(answers[1]?.values?.[0]?.value).toMatch(/^\[REDACTED:email/);
    expect(answers[3]?.groups).toMatchObject({ undecided: 6, reasons: ['it compares a redacted value'] });
    // Names of functions, files and variables are searched for secrets only; the address is one of them here.
    const { email, ...others } = secrets;
    for (const secret of Object.values(others)) expect(JSON.stringify(answers).includes(secret)).toBe(false);
    expect(answers[0]?.summary?.paths.filter(({ value }) => String(value).includes(email)).map(({ path }) => path)).toEqual([
      '@caller',
    ]);
  });
});

describe('lines of a logpoint', () => {
  it('are summarised, paged and compared by the values in them', async () => {
    const template = 'order {order.id} for {customer.tier}: {price}';
    const { actionId } = await ask(caller, 'add_log', { ...onCheckout, template, maxHits: 20, timeoutSeconds: 60 });
    const { summary } = await getHits({ actionId });
    expect(summary).toMatchObject({ hits: 20, messages: expect.any(Array), moreMessages: 17 });
    expect(summary?.paths.find(({ path }) => path === 'customer.tier')?.types).toEqual({ string: 20 });
    const raw = await getHits({ actionId, view: 'raw', maxBytes: 160_000 });
    expect(raw.messages?.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(raw.messages?.[0]?.message).toMatch(/^order o-\d+ for \w+: /);
    const { groups } = await ask(reader, 'compare_hits', { a: { actionIds: [actionId], where: "customer.tier === 'gold'" } });
    expect(groups).toMatchObject({ undecided: 0, neither: 0 });
  });
});

describe('an action that adds up', () => {
  it('has no hits, and says where its result is', async () => {
    const { actionId } = await ask(caller, 'count_hits', { ...onCheckout, timeoutSeconds: 1 });
    expect(await getHits({ actionId, view: 'raw' })).toMatchObject({ hits: [], next: { tool: 'wait_for_hits' } });
  });
});
