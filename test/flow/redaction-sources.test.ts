import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Caller, connectCaller, enrolmentKey, onCheckout, policiesWith, startAgent } from './world.ts';

const perSource = `
sources:
  - pool: payments
    names: {customer-class: [tier]}
  - pool: vault
    service: check*
    allow_list: {paths: [order.id, 'order.items[].quantity']}
`;
const pools = ['default', 'payments', 'vault'];
const expressions = ['order.id', 'order.customer.tier', 'total > 0'];

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let caller: Caller;
const agents: Awaited<ReturnType<typeof startAgent>>[] = [];

beforeAll(async () => {
  policies = await policiesWith({ 'redaction.yaml': perSource });
  bridge = await startBridge({ policies: policies.directory });
  for (const pool of pools) {
    const enrolKey = await enrolmentKey(bridge, { pool });
    agents.push(await startAgent({ agentUrl: bridge.agentUrl, enrolKey }, { passesPerSecond: 20 }));
  }
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
});

afterAll(async () => {
  await caller?.close();
  for (const agent of agents) await agent.stop();
  await bridge?.close();
  await policies?.remove();
});

/** What a snapshot in this pool shows, after it was read again from the store and found to be the same. */
async function shownIn(pool: string) {
  const source = { ...onCheckout.source, pool };
  const { structured } = await caller.call('take_snapshot', { ...onCheckout, source, expressions, maxHits: 1 });
  const [hit] = structured.hits;
  const again = await caller.call('get_hits', { actionId: structured.actionId, view: 'raw' });
  expect(again.structured.hits[0], JSON.stringify(structured)).toMatchObject({ variables: hit?.variables });
  return { order: hit?.variables.order, values: hit?.expressions.map(({ value }) => value) };
}

it('a source without rules of its own is shown by those of the file', async () => {
  const tier = expect.stringMatching(/^(?:gold|silver|none)$/);
  expect(await shownIn('default')).toMatchObject({ order: { customer: { tier } }, values: [expect.any(String), tier, true] });
});

it('names of one source are hidden inside its programs', async () => {
  // A marker without a tag: the agent hid it.
  const tier = '[REDACTED:customer-class]';
  expect(await shownIn('payments')).toMatchObject({ order: { customer: { tier } }, values: [expect.any(String), tier, true] });
});

it('a source with an allow-list shows nothing else, also when the store is read', async () => {
  const hidden = '[REDACTED:not-listed]';
  const { order, values } = await shownIn('vault');
  expect(order).toMatchObject({
    id: expect.stringMatching(/^o-/),
    customer: { id: hidden, tier: hidden, address: { city: hidden } },
  });
  const { items } = order as { items: Record<string, unknown>[] };
  expect(items[0]).toEqual({ sku: hidden, price: hidden, quantity: 1 });
  expect(values).toEqual([expect.stringMatching(/^o-/), hidden, expect.stringMatching(/^\[REDACTED:/)]);
});
