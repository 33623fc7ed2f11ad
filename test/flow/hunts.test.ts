import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BuiltShop } from '../examples/built-shop.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { connected, type Program, startProgram, until } from '../helpers/program.ts';
import { clients, type TestClient } from '../mcp/clients.ts';
import { type Cost, type Found, Hunt, type Place, placeWith, valuesOf } from './hunt.ts';

/** Hunts wait for orders of the shop, which come a few times a second; a loaded machine takes them more slowly. */
const huntMs = 150_000;
const maxCalls = 8;
/** Of hits in the answer of a snapshot whose hits are compared next: a glance at them is enough. */
const maxBytes = 2_000;
const debuggers = fileURLToPath(new URL('programs/debuggers.mjs', import.meta.url));

let bridge: TestBridge;
let built: BuiltShop;
let shop: Program;
let client: TestClient;
const costs = new Map<string, Cost>();
const placed = new Set<string>();

beforeAll(async () => {
  built = new BuiltShop();
  expect(built.compiled).toEqual({ status: 0, output: '' });
  bridge = await startBridge();
  shop = startProgram({
    file: `${built.folder}/main.js`,
    service: 'shop',
    url: bridge.agentUrl,
    key: bridge.enrolKey,
    env: { NODE_OPTIONS: `--import ${pathToFileURL(debuggers)}`, PORT: '0' },
  });
  const [, url = ''] = await shop.printed(/"shop":"([^"]+)"/);
  await connected(bridge, 'shop');
  client = await clients[3].connect(bridge.mcpUrl, bridge.fullKey);
  await until('somebody has paid an old price', () => hasOldPrice(url), huntMs);
}, huntMs);

afterAll(async () => {
  await client?.close();
  await shop?.stop();
  await bridge?.close();
  built?.remove();
  console.log(table());
});

/** Ticket 4203 has happened: it takes a price list that came after the first orders. */
async function hasOldPrice(url: string): Promise<true | undefined> {
  const [products, orders] = (await Promise.all(
    ['products', 'orders'].map(async (name) => (await fetch(`${url}/${name}`)).json()),
  )) as [{ sku: string; price: number }[], { items: { sku: string; price: number }[] }[]];
  const priceOf = new Map(products.map(({ sku, price }) => [sku, price]));
  return orders.some(({ items }) => items.some(({ sku, price }) => price !== priceOf.get(sku) && sku === 'TOWEL-2')) || undefined;
}

/** Inspector sessions that are open in the shop. */
async function openDebuggers(): Promise<number> {
  const before = shop.output().length;
  shop.child.kill('SIGUSR2');
  return until('the shop says how many debuggers it has', () => {
    const said = /debuggers: (\d+)\n/.exec(shop.output().slice(before));
    return said === null ? undefined : Number(said[1]);
  });
}

function table(): string {
  const rows = [...costs].map(
    ([ticket, { calls, tokens, structuredTokens }]) => `| ${ticket} | ${calls} | ${tokens} | ${structuredTokens} |`,
  );
  return ['| ticket | calls | tokens | with structured content |', '|---|---|---|---|', ...rows].join('\n');
}

/** One hunt: what it did is counted, and may not cost more than `maxTokens`. Gives what there was to clean up. */
async function hunt(ticket: string, maxTokens: number, find: (hunt: Hunt) => Promise<void>): Promise<Found['actions']> {
  const one = new Hunt(client, `ticket ${ticket}`);
  const { recommended } = await one.call('list_sources');
  expect(recommended.source).toEqual({ service: 'shop' });
  await find(one);
  const { actions } = await one.cleanUp();
  costs.set(ticket, one.cost);
  for (const place of one.places) placed.add(place);
  expect(one.cost.calls).toBeLessThanOrEqual(maxCalls);
  expect(one.cost.tokens).toBeLessThanOrEqual(maxTokens);
  return actions;
}

const at = ({ file, line }: Place, below = 0) => ({ file, line: line + below });

afterEach(async () => {
  const { structuredContent } = await client.call('list_actions', { status: 'pending' });
  expect(structuredContent).toMatchObject({ actions: [] });
  await until('the shop has no debugger any more', async () => (await openDebuggers()) === 0 || undefined);
});

it('there is a debugger in the shop while something is placed, which is how it is seen to be gone', async () => {
  const [place] = await new Hunt(client, 'none').locate({ snippet: 'return needsPapers' });
  if (place === undefined) throw new Error('The line was not found.');
  const investigation = 'only placed';
  await client.call('count_hits', { ...at(place), waitSeconds: 0, timeoutSeconds: 60, investigation });
  await until('the shop has a debugger', async () => (await openDebuggers()) > 0 || undefined);
  await client.call('cancel_actions', { investigation });
});

describe('a scripted assistant finds from the ticket alone', () => {
  it(
    '4127, a percent that is a text: the discount is the one that people ask for as text',
    async () => {
      await hunt('4127', 3_200, async (hunt) => {
        const [settle] = await hunt.locate({ snippet: 'order.total =' });
        if (settle === undefined) throw new Error('The line that sets the total was not found.');
        const snapshot = await hunt.place('take_snapshot', {
          ...at(settle),
          condition: "order.coupon === 'SPRING5'",
          maxHits: 12,
          depth: 2,
          maxBytes,
        });
        expect(snapshot).toMatchObject({ status: 'completed', hitCount: 12 });
        const { groups, paths } = await hunt.compare(snapshot.actionId, { where: 'quote.discount > quote.subtotal * 0.25' });
        expect(Math.min(groups.a, groups.b)).toBeGreaterThan(0);
        const cause = paths.find(({ path }) => path === 'coupon.percent');
        expect(cause).toMatchObject({ by: 'type' });
        expect([valuesOf(cause?.a), valuesOf(cause?.b)]).toEqual([['5'], [5]]);
        // And what becomes of it: 10 percent for gold and '5' are '510'.
        const { values } = await hunt.call('get_hits', { actionId: snapshot.actionId, path: 'quote.percent' });
        const texts = values.map(({ value }) => value).filter((value) => typeof value === 'string');
        expect(texts.length).toBeGreaterThan(0);
        for (const text of texts) expect(['50', '55', '510']).toContain(text);
      });
    },
    huntMs,
  );

  it(
    '4203, a stale cache: what the suppliers changed is not what is sold, and only typed prices clear it',
    async () => {
      await hunt('4203', 5_200, async (hunt) => {
        const [findProduct] = await hunt.locate({ function: 'findProduct' });
        if (findProduct === undefined) throw new Error('The function was not found.');
        expect(findProduct.after.at(-1)).toContain('const product = ready.get(sku)');
        const snapshot = await hunt.place('take_snapshot', { ...at(findProduct, 4), maxHits: 30, depth: 1, maxBytes });
        const { paths } = await hunt.compare(snapshot.actionId, { where: 'product.price !== row.price' });
        const who = paths.find(({ path }) => path === 'row.pricedBy');
        expect(who?.by).toBe('value');
        expect(valuesOf(who?.a)).toEqual(['import']);
        expect(valuesOf(who?.b)).toContain('opening');
        const places = await hunt.locate({ snippet: 'ready.delete' });
        expect(places).toHaveLength(1);
        const cleared = await hunt.place('take_snapshot', { ...at(placeWith(places, 'ready.delete')), maxHits: 2, depth: 1 });
        expect(cleared.bound.function).toBe('changePrice');
        for (const { stack } of cleared.hits) expect(stack.map((frame) => frame.function)).not.toContain('importPrices');
      });
    },
    huntMs,
  );

  it(
    '4251, a lost update: the account has changed between what was read of it and what is written',
    async () => {
      await hunt('4251', 5_300, async (hunt) => {
        const places = await hunt.locate({ snippet: 'account.points' });
        const [read, write] = [placeWith(places, 'const before ='), placeWith(places, 'account.points = before')];
        const lost = await hunt.place('take_snapshot', {
          ...at(write),
          condition: 'account.points !== before',
          expressions: ['account.points - before', 'account.latest[0].order === order'],
          maxHits: 2,
        });
        expect(lost.hitCount).toBe(2);
        for (const { expressions } of lost.hits) {
          expect(Number(expressions[0]?.value)).toBeGreaterThan(0);
          expect(expressions[1]?.value).toBe(false);
        }
        const { result } = await hunt.place('measure_duration', { ...at(read), toLine: write.line, timeoutSeconds: 8 });
        expect(result.count).toBeGreaterThan(0);
        expect(result.min).toBeGreaterThan(10);
        const { messages } = await hunt.place('add_log', {
          ...at(write),
          template: '{customer.id} had {before}',
          maxHits: 15,
        });
        const lines = messages.map(({ message }) => message);
        expect(lines).toHaveLength(15);
        expect(new Set(lines).size).toBeLessThan(15);
      });
    },
    huntMs,
  );

  it(
    '4288, a slow lookup: what the index does not have is looked for page by page',
    async () => {
      await hunt('4288', 8_000, async (hunt) => {
        const places = await hunt.locate({ snippet: 'await', file: 'checkout.ts', limit: 10 });
        const bins = placeWith(places, 'await findBin');
        const waits = await hunt.place('measure_duration', { ...at(bins), toLine: bins.line + 1, timeoutSeconds: 10 });
        expect(waits.result.min).toBeLessThan(80);
        expect(waits.result.max).toBeGreaterThan(80);
        const [findBin] = await hunt.locate({ function: 'findBin' });
        if (findBin === undefined) throw new Error('The function was not found.');
        const timed = await hunt.place('measure_duration', {
          ...at(findBin, 1),
          thresholdMs: 0,
          maxHits: 40,
          timeoutSeconds: 15,
        });
        const { paths } = await hunt.compare(timed.actionId, { minDurationMs: 80 }, { maxDurationMs: 80 });
        const byPath = new Map(paths.map((path) => [path.path, path]));
        expect(valuesOf(byPath.get('pagesRead')?.a)).toContain(25);
        expect(valuesOf(byPath.get('pagesRead')?.b)).toEqual([0]);
        // What is slow is asked for in upper case and kept in lower case, so it is not in the index under its name.
        const [asked, kept] = [byPath.get('sku'), byPath.get('bin.sku')];
        expect(valuesOf(asked?.a)).toContainEqual(expect.stringMatching(/^MUG-/));
        expect(valuesOf(kept?.a)).toContainEqual(expect.stringMatching(/^mug-/));
        expect(valuesOf(kept?.b)).not.toContainEqual(expect.stringMatching(/^mug-/i));
        const { file, line = 0 } = { file: findBin.file, ...timed.hits[0]?.at };
        const pages = await hunt.place('measure_value', { file, line, expression: 'pagesRead', timeoutSeconds: 8 });
        expect(pages.result).toMatchObject({ min: 0, max: 25 });
      });
    },
    huntMs,
  );

  it(
    '4310, a wrong branch: it is the value of the order that asks for papers, wherever it goes',
    async () => {
      const left = await hunt('4310', 3_800, async (hunt) => {
        const decision = placeWith(await hunt.locate({ snippet: 'papers', limit: 10 }), 'return needsPapers');
        // The first guess is that Germany is not among the countries of the union.
        const guess = await hunt.place('count_hits', {
          ...at(decision),
          condition: "country === 'DE' && leavesUnion",
          timeoutSeconds: 300,
          waitSeconds: 10,
        });
        expect(guess).toMatchObject({ status: 'pending', result: { count: 0 } });
        const { verdict } = await hunt.call('explain', { actionId: guess.actionId });
        expect(verdict.code).toBe('condition-false');
        const snapshot = await hunt.place('take_snapshot', { ...at(decision), condition: '!leavesUnion', maxHits: 15, maxBytes });
        const { groups, paths } = await hunt.compare(snapshot.actionId, { where: 'needsPapers' });
        expect(Math.min(groups.a, groups.b)).toBeGreaterThan(0);
        expect(paths[0]).toMatchObject({ path: 'value', by: 'range' });
        const { a, b } = paths[0] ?? {};
        expect(b?.max).toBeLessThanOrEqual(45);
        expect(a?.min).toBeGreaterThan(45);
      });
      // The count of the guess was still under way.
      expect(left).toMatchObject([{ cancelled: true }]);
    },
    huntMs,
  );
});

it('docs/investigations.md shows the lines of the hunts as they are', () => {
  const page = readFileSync(new URL('../../docs/investigations.md', import.meta.url), 'utf8');
  const shown = [...page.matchAll(/"file":"(src\/[^"]+)","line":(\d+)/g)].map(([, file, line]) => `${file}:${line}`);
  expect([...new Set(shown)].sort()).toEqual([...placed].sort());
});
