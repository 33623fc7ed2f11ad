import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { secrets } from '../../agents-sim/scenarios/leaky.ts';
import type { StormAgent } from './agents.ts';
import type { Caller, OpenCall } from './callers.ts';
import { Checker } from './checker.ts';
import { checkAcknowledged } from './checks/acknowledged.ts';
import { checkAllowances, checkCharged } from './checks/allowances.ts';
import { checkAnswer } from './checks/answers.ts';
import { checkLeftAlone, checkTurnedOut, checkWrittenDown } from './checks/connected.ts';
import { checkEnds } from './checks/ends.ts';
import { checkProbes, type Probing } from './checks/probes.ts';
import type { Stored, StoredAction } from './checks/rows.ts';
import { checkSecrets } from './checks/secrets.ts';
import { Violation } from './checks/violation.ts';
import { checkWaits, Hits } from './checks/waits.ts';
import { mutations } from './mutations.ts';
import { quotas } from './policies.ts';
import type { World } from './world.ts';

const now = 1_800_000_600_000;
const seen = new Set<string>();

/** Runs a check twice: over a world in which all is well, and over one that was tampered with. */
async function failsBy(rule: string, check: (isTampered: boolean) => void | Promise<void>): Promise<void> {
  await check(false);
  const problem = await Promise.resolve()
    .then(() => check(true))
    .catch((thrown: unknown) => thrown);
  expect(problem).toBeInstanceOf(Violation);
  expect((problem as Violation).rule).toBe(rule);
  seen.add(rule);
}

const caller: Caller = { name: 'north wide', org: 'north', keyId: 'wide', secret: 's', role: 'developer', pool: undefined };
const target = { agent: 'a', pool: 'blue', service: 'checkout', state: 'armed', hits: 0 };

function action(changes: Partial<StoredAction> = {}): StoredAction {
  return {
    ...{ org: 'north', id: 'act_1', principal: 'key:wide', investigation: 'total', status: 'pending', max_hits: 2 },
    ...{ max_hits_per_agent: null, hits: 0, created_at: now, expires_at: now + 60_000, ended_at: null, kind: 'snapshot' },
    ...{ duration: null, source: { service: 'checkout' }, targets: [target] },
    ...changes,
  };
}

const hit = (number: number, changes = {}) => ({ action: 'act_1', agent: 'a', agent_hit: number, number, ...changes });
const hourOfNow = Math.floor(now / 3_600_000) * 3_600_000;
const counter = (quota: string, used: number) => ({ org: 'north', quota, subject: 'key:wide', start: hourOfNow, used });

/** Actions and hits, with what they cost. */
function stored(actions: StoredAction[], hits: Stored['hits'] = [], more: Partial<Stored> = {}): Stored {
  const spent = actions.reduce((sum, one) => sum + (one.status === 'pending' ? one.max_hits : one.hits), 0);
  return { agents: [], actions, hits, counters: spent === 0 ? [] : [counter('hits_per_hour', spent)], ...more };
}

const allowances = (state: Stored) => checkAllowances(state, [caller], 0, now + 1);

/** So many live actions, none of which shares with another what `apart` gives. */
function live(count: number, apart: (index: number) => Partial<StoredAction>): StoredAction[] {
  return Array.from({ length: count }, (_, index) =>
    action({ id: `act_${index}`, max_hits: 1, created_at: now + index - count, targets: [], ...apart(index) }),
  );
}

it.each<[string, Stored, Stored]>([
  ['hits are counted', stored([action({ hits: 1 })], [hit(1)]), stored([action({ hits: 2 })], [hit(1)])],
  [
    'no action has more hits than it may',
    stored([action({ hits: 2 })], [hit(1), hit(2)]),
    stored([action({ hits: 3 })], [hit(1), hit(2), hit(3)]),
  ],
  ['hits are numbered', stored([action({ hits: 1 })], [hit(1)]), stored([action({ hits: 1 })], [hit(2)])],
  [
    'a hit is stored once',
    stored([action({ hits: 2 })], [hit(1), hit(2)]),
    stored([action({ hits: 2 })], [hit(1), hit(2, { agent_hit: 1 })]),
  ],
  [
    'no agent gives more hits than it may',
    stored([action({ hits: 2, max_hits_per_agent: 1 })], [hit(1), hit(2, { agent: 'b' })]),
    stored([action({ hits: 2, max_hits_per_agent: 1 })], [hit(1), hit(2)]),
  ],
  [
    'concurrent actions per org',
    stored(
      live(quotas.concurrent_actions_per_org, (at) => ({ principal: `key:${at}` })),
      [],
      { counters: [] },
    ),
    stored(
      live(quotas.concurrent_actions_per_org + 1, (at) => ({ principal: `key:${at}` })),
      [],
      { counters: [] },
    ),
  ],
  [
    'concurrent actions per principal',
    stored(live(quotas.concurrent_actions_per_principal, (at) => ({ investigation: `${at}` }))),
    stored(live(quotas.concurrent_actions_per_principal + 1, (at) => ({ investigation: `${at}` }))),
  ],
  [
    'concurrent actions per investigation',
    stored(live(quotas.concurrent_actions_per_investigation, () => ({}))),
    stored(live(quotas.concurrent_actions_per_investigation + 1, () => ({}))),
  ],
  [
    'concurrent actions per agent',
    stored(
      live(quotas.concurrent_actions_per_agent, (at) => ({ principal: `key:${at}`, targets: [target] })),
      [],
      { counters: [] },
    ),
    stored(
      live(quotas.concurrent_actions_per_agent + 1, (at) => ({ principal: `key:${at}`, targets: [target] })),
      [],
      {
        counters: [],
      },
    ),
  ],
  [
    'hits of an investigation',
    stored([action({ max_hits: quotas.hits_per_investigation })]),
    stored([action({ max_hits: quotas.hits_per_investigation + 1 })]),
  ],
  [
    'a quota per hour',
    stored([], [], { counters: [counter('calls_per_hour', quotas.calls_per_hour)] }),
    stored([], [], { counters: [counter('calls_per_hour', quotas.calls_per_hour + 1)] }),
  ],
  ['hits per hour are what was placed', stored([action()]), stored([action()], [], { counters: [counter('hits_per_hour', 1)] })],
])('an allowance that is passed is seen: %s', (rule, well, tampered) =>
  failsBy(rule, (isTampered) => allowances(isTampered ? tampered : well)),
);

it('an answer that nobody paid for is seen', () =>
  failsBy('every answer is charged', (isTampered) =>
    checkCharged(new Map([['wide', isTampered ? 3 : 2]]), [caller], stored([], [], { counters: [counter('calls_per_hour', 2)] })),
  ));

const call: OpenCall = {
  ...{ number: 1, caller, tool: 'get_hits', arguments: {}, startedAt: now, waitMs: 0, deadline: now + 1, wasExposed: true },
};

function agent(changes: object = {}): StormAgent {
  return {
    agent: { id: 'agent-south', probes: { armed: 1, states: new Map([['act_1', { state: 'armed' }]]) }, state: 'connected' },
    shape: { org: 'north', pool: 'blue', kind: 'honest', key: { org: 'north', pool: 'blue', keyId: 'enrol' } },
    ...{ host: 'host-south', isHonest: true, connectedAt: now - 60_000, wire: { isOpen: true } },
    ...{ replica: { id: 'rep_1', name: 'r0', state: 'up' } },
    ...changes,
  } as unknown as StormAgent;
}

const south = agent({ shape: { org: 'south', pool: 'blue', kind: 'honest' } });
const answer = (text: string, structured: object = {}, isError = false) => ({ answer: { text, structured, isError } }) as never;

it('an answer that tells of another organisation is seen, by its agents and by its actions', async () => {
  const rule = 'a caller sees only what it reaches';
  await failsBy(rule, (isTampered) => checkAnswer(call, answer(isTampered ? 'at agent-south' : 'at none'), [south], [], now));
  const theirs = [action({ org: 'south', id: 'act_theirs' })];
  await failsBy(rule, (isTampered) =>
    checkAnswer(call, answer('', { actionId: isTampered ? 'act_theirs' : 'act_mine' }), [], theirs, now),
  );
  const named = (more: object) => answer('', { actions: [{ actionId: 'act_theirs', ...more }] });
  await failsBy(rule, (isTampered) =>
    checkAnswer(call, named(isTampered ? { status: 'cancelled' } : { error: { code: 'not_found' } }), [], theirs, now),
  );
});

it.each<[string, Partial<OpenCall>]>([
  ['a role does only what it may', { tool: 'take_snapshot', caller: { ...caller, role: 'viewer' } }],
  ['a revoked key gets no answer', { caller: { ...caller, revokedAt: now - 1 } }],
  ['a denied tool gives no answer', { wasExposed: false }],
])('an answer to who may not have it is seen: %s', (rule, changes) =>
  failsBy(rule, (isTampered) => checkAnswer({ ...call, ...changes }, answer('', {}, !isTampered), [], [], now)),
);

const probing = (changes: Partial<Probing>): Probing => ({
  ...{ stored: stored([action()]), agents: [agent()], callers: [caller], now, skewMs: 0, calmSince: now - 60_000 },
  ...{ isCalm: false, endedAt: new Map() },
  ...changes,
});

it.each<[string, Partial<Probing>]>([
  ['what is armed was placed', { stored: stored([]) }],
  ['an action is only where its placer reaches', { callers: [{ ...caller, pool: 'green' }] }],
  ['nothing is armed after its time', { stored: stored([action({ expires_at: now - 32_000 })]) }],
  ['what has ended is taken off', { endedAt: new Map([['act_1', now - 20_000]]) }],
  ['what has ended is taken off at once', { endedAt: new Map([['act_1', now - 300]]), isCalm: true }],
])('a probe that should not be there is seen: %s', (rule, tampered) =>
  failsBy(rule, (isTampered) => checkProbes(probing(isTampered ? tampered : {}))),
);

it('an agent that is here and written down as gone is seen', () =>
  failsBy('who is connected is written down', (isTampered) => {
    const row = { org: 'north', id: 'agent-south', replica: 'rep_1', connected: !isTampered };
    checkWrittenDown([agent()], stored([], [], { agents: [row] }));
  }));

it('a connection that is given up without need is seen', () =>
  failsBy('a connection that works is left alone', (isTampered) => checkLeftAlone(agent(), !isTampered)));

it('an agent that stays with a revoked key is seen', () =>
  failsBy('agents of a revoked key are turned out', (isTampered) => {
    const shape = { ...agent().shape, key: { ...agent().shape.key, revokedAt: now - (isTampered ? 20_000 : 100) } };
    checkTurnedOut([agent({ shape })], now, now - 60_000);
  }));

it('a wait that sleeps through a hit, or through the end, is seen', async () => {
  const rule = 'a wait hears of it at once';
  const open = new Set([
    { ...call, tool: 'wait_for_hits', arguments: { actionId: 'act_1', afterHit: 0 }, startedAt: now - 9_000 },
  ]);
  const hits = new Hits();
  await failsBy(rule, (isTampered) => checkWaits(open, hits, new Map([['act_1', now - (isTampered ? 300 : 100)]]), now));
  hits.note(stored([action({ hits: 1 })]), now);
  await failsBy(rule, (isTampered) => checkWaits(open, hits, new Map(), now + (isTampered ? 300 : 100)));
});

it('an action that lives on when its time is up is seen', () =>
  failsBy('an action ends when its time is up', (isTampered) => {
    const expiresAt = now - (isTampered ? 4_000 : 2_000);
    checkEnds(stored([action({ expires_at: expiresAt })]), now);
  }));

it('a hit that was acknowledged and is not there is seen', () =>
  failsBy('what is acknowledged is stored', (isTampered) => {
    const told = { id: 'act_1', hit: 1, n: 1, isAcknowledged: true };
    const hits = [hit(1, { agent: 'agent-south' })];
    checkAcknowledged([{ agent: agent(), told }], stored([action({ hits: 1 })], isTampered ? [] : hits), now);
  }));

it('a secret, and a key, are seen wherever they turn up', async () => {
  const [secret] = Object.values(secrets);
  await failsBy('no secret is seen', (isTampered) => checkSecrets('the log', isTampered ? `"${secret}"` : '"***"', []));
  await failsBy('no key is seen', (isTampered) => checkSecrets('the log', isTampered ? 'slk_1' : 'slk_2', ['slk_1']));
});

/** A world at rest, in which all is well. */
function atRest(): { world: World; replica: Record<string, unknown>; rows: Record<string, unknown[]>; agents: StormAgent[] } {
  const rows: Record<string, unknown[]> = { api_keys: [] };
  const agents = [agent({ agent: { id: 'agent-south', probes: { armed: 0, states: new Map() }, state: 'connected' } })];
  const replica = {
    ...{ id: 'rep_1', name: 'r0', state: 'up', timers: 10, gauges: new Map([['waits', () => 0]]) },
    assembled: {
      inForce: { status: () => ({ hash: 'p' }) },
      others: { membership: { others: () => [{ id: 'rep_2' }] } },
      bridge: { services: { connected: async (org: string) => (org === 'north' ? [{ id: 'agent-south' }] : []) } },
    },
  };
  const other = structuredClone({ ...replica, gauges: new Map(), assembled: {} });
  const second = {
    ...{ ...other, id: 'rep_2', name: 'r1', gauges: new Map() },
    assembled: { ...replica.assembled, others: { membership: { others: () => [{ id: 'rep_1' }] } } },
  };
  for (const one of [replica, second]) one.gauges.set('queuedCalls', () => 0).set('waits', () => 0);
  const state = stored([]);
  rows.stored = [{ stored: JSON.stringify(state) }];
  const world = {
    ...{ agents, callers: [caller], enrolments: [], open: new Set(), replicas: [replica, second], isDirty: true, isCalm: true },
    ...{ skewMs: 0, policies: { policies: { hash: 'p' } }, noteExposed: () => undefined },
    db: {
      query: async (sql: string) =>
        sql.includes('json_build_object') ? rows.stored : sql.includes('api_keys') ? rows.api_keys : [],
    },
  };
  return { world: world as unknown as World, replica, rows, agents };
}

it.each<[string, (rest: ReturnType<typeof atRest>) => void]>([
  ['every call ends', ({ world }) => world.open.add({ ...call, deadline: -1 })],
  ['memory is bounded', ({ replica }) => Object.assign(replica, { timers: 100_000 })],
  [
    'every action ends',
    ({ rows }) => {
      rows.stored = [{ stored: JSON.stringify(stored([action()])) }];
    },
  ],
  ['no probe is left', ({ agents }) => agents[0] && (agents[0].agent.probes.states as Map<string, unknown>).set('act_1', {})],
  ['every wait ends', ({ world }) => world.open.add({ ...call, deadline: now })],
  ['every agent comes back', ({ agents }) => Object.assign(agents[0] ?? {}, { connectedAt: undefined })],
  ['nothing waits at rest', ({ replica }) => (replica.gauges as Map<string, unknown>).set('waits', () => 1)],
  ['nothing is planned at rest', ({ replica }) => Object.assign(replica, { timers: 41 })],
  ['replicas decide by the files', ({ world }) => Object.assign(world, { policies: { policies: { hash: 'q' } } })],
  [
    'replicas see each other',
    ({ replica }) =>
      Object.assign(replica, {
        assembled: { ...(replica.assembled as object), others: { membership: { others: () => [] } } },
      }),
  ],
  [
    'every replica sees every agent',
    ({ replica }) =>
      Object.assign(replica, {
        assembled: { ...(replica.assembled as object), bridge: { services: { connected: async () => [] } } },
      }),
  ],
  [
    'agents of a revoked key are turned out',
    ({ rows }) => {
      rows.api_keys = [{ id: 'enrol' }];
    },
  ],
])('a world that does not come to rest is seen: %s', (rule, tamper) =>
  failsBy(rule, async (isTampered) => {
    const rest = atRest();
    if (isTampered) tamper(rest);
    await new Checker().atRest(rest.world);
  }),
);

it('one call more in an hour than allowed is seen', () =>
  failsBy('calls per hour', async (isTampered) => {
    const { world } = atRest();
    const checker = new Checker();
    const { ended } = checker.watching(() => world);
    const calls = quotas.calls_per_hour + (isTampered ? 1 : 0);
    // In the first hour of all: the machine stands at its beginning.
    for (let number = 0; number < calls; number += 1) ended({ ...call, number, startedAt: 0 }, answer(''));
    const paid = [counter('calls_per_hour', quotas.calls_per_hour)];
    Object.assign(world, {
      isDirty: true,
      db: { query: async () => [{ stored: JSON.stringify(stored([], [], { counters: paid })) }] },
    });
    await checker.check(world);
  }));

it('what is planted to try the checkers stands in the source once', () => {
  const root = join(import.meta.dirname, '../..');
  const missing = mutations.filter(({ file, text }) => readFileSync(join(root, file), 'utf8').split(text).length !== 2);
  expect(missing.map(({ name }) => name)).toEqual([]);
  const rules = rulesOf();
  expect(mutations.filter(({ rule }) => !rules.includes(rule) && !rule.startsWith('concurrent')).map(({ name }) => name)).toEqual(
    [],
  );
});

/** Every promise that a checker names. */
function rulesOf(): string[] {
  const folder = join(import.meta.dirname, 'checks');
  const files = [join(import.meta.dirname, 'checker.ts'), ...readdirSync(folder).map((name) => join(folder, name))];
  const named = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/'([a-z][^'\n]+)',\s*\(\) =>/g)]);
  return [...new Set(named.map(([, rule]) => rule ?? ''))];
}

afterAll(() => {
  expect(rulesOf().filter((rule) => !seen.has(rule))).toEqual([]);
  expect(rulesOf().length).toBeGreaterThan(30);
});
