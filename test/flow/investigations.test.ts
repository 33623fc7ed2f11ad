import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Scenario } from '../../agents-sim/scenario.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { type Caller, connectCaller, policiesWith, quotasOf, startAgent } from './world.ts';

const file = 'src/sign-in.ts';
/** Every pass signs in the same user. */
const signIn: Scenario = {
  service: 'sign-in',
  files: { [file]: 'signIn(user);\n' },
  next: () => ({
    ...{ file, line: 1, function: 'signIn', callers: [], pauseMicros: 10 },
    scopes: [{ kind: 'local', values: { user: { email: 'maria@example.com' } } }],
  }),
};

let policies: Awaited<ReturnType<typeof policiesWith>>;
let bridge: TestBridge;
let agent: SimulatedAgent;
let mine: Caller;
let theirs: Caller;
let myKey: string;

beforeAll(async () => {
  const numbers = { hits_per_investigation: 12, concurrent_actions_per_investigation: 3 };
  policies = await policiesWith({ 'quotas.yaml': quotasOf(numbers) });
  bridge = await startBridge({ policies: policies.directory });
  agent = await startAgent(bridge, { id: 'sign-in-1', scenario: signIn });
  myKey = (await bridge.issue({ name: 'mine' })).secret;
  mine = await connectCaller(bridge.mcpUrl, myKey);
  theirs = await connectCaller(bridge.mcpUrl, (await bridge.issue({ name: 'theirs' })).secret);
}, 120_000);

afterAll(async () => {
  await Promise.all([mine?.close(), theirs?.close(), agent?.stop()]);
  await bridge?.close();
  await policies?.remove();
});

const live = async (by: Caller, args = {}) =>
  (await by.call('list_actions', { status: 'pending', mine: true, ...args })).structured.actions;

afterEach(async () => {
  for (const by of [mine, theirs]) {
    const actionIds = (await live(by)).map(({ actionId }) => actionId);
    if (actionIds.length > 0) await by.call('cancel_actions', { actionIds });
  }
  expect(agent.probes.armed).toBe(0);
});

const place = async (by: Caller, args: Record<string, unknown> = {}) =>
  (await by.call('take_snapshot', { source: { service: 'sign-in' }, file, line: 1, waitSeconds: 0, ...args })).structured;

/** A snapshot with one hit, and the marker that stands for the user's address in it. */
async function markerIn(by: Caller, investigation?: string): Promise<string> {
  const args = investigation === undefined ? {} : { investigation };
  const { actionId } = await place(by, { expressions: ['user.email'], ...args });
  agent.pass();
  const { hits } = (await by.call('wait_for_hits', { actionId })).structured;
  const marker = String(hits[0]?.expressions[0]?.value);
  expect(marker).toMatch(/^\[REDACTED:email#[0-9a-f]{6}\]$/);
  return marker;
}

describe('an investigation', () => {
  it('is said in the answer: the one that was given, or one of its own', async () => {
    expect((await place(mine, { investigation: '  wrong address ' })).investigation).toBe('wrong address');
    const [first, second] = [await place(mine), await place(mine)];
    expect(first.investigation).toMatch(/^inv_[0-9A-Za-z]{22}$/);
    expect(second.investigation).not.toBe(first.investigation);
  });

  it.each([
    ['', 'empty'],
    ['x'.repeat(65), 'too long'],
    ['two\nlines', 'with a control character'],
    ['a\u202eb', 'with an invisible one'],
  ])('is refused when it is %j, %s', async (investigation) => {
    for (const tool of ['take_snapshot', 'cancel_actions', 'list_actions']) {
      const args = tool === 'take_snapshot' ? { file, line: 1, investigation } : { investigation };
      expect((await mine.call(tool, args)).structured.error, tool).toMatchObject({
        code: 'invalid_input',
        field: 'investigation',
      });
    }
  });

  it('gives equal hidden values equal tags in all its actions, and in no others', async () => {
    const [first, second] = [await markerIn(mine, 'same user?'), await markerIn(mine, 'same user?')];
    expect(second).toBe(first);
    const others = [await markerIn(mine, 'another'), await markerIn(mine), await markerIn(theirs, 'same user?')];
    expect(new Set([first, ...others]).size).toBe(4);
  });

  it('lists its own actions, and the same word of somebody else is another one', async () => {
    const [a, b] = [await place(mine, { investigation: 'shared word' }), await place(mine, { investigation: 'shared word' })];
    const other = await place(theirs, { investigation: 'shared word' });
    await place(mine, { investigation: 'something else' });
    const listed = await live(mine, { investigation: 'shared word', mine: false });
    expect(listed.map(({ actionId }) => actionId).sort()).toEqual([a.actionId, b.actionId].sort());
    expect(new Set(listed.map(({ investigation }) => investigation))).toEqual(new Set(['shared word']));
    expect((await live(theirs, { investigation: 'shared word' })).map(({ actionId }) => actionId)).toEqual([other.actionId]);
  });

  it('is cleaned up in one call, which takes nothing else with it and may be repeated', async () => {
    const own = [await place(mine, { investigation: 'tidy' }), await place(mine, { investigation: 'tidy' })];
    const [kept, other] = [await place(mine), await place(theirs, { investigation: 'tidy' })];
    const { actions } = (await mine.call('cancel_actions', { investigation: 'tidy' })).structured;
    expect(actions.map(({ actionId, cancelled, status }) => [actionId, cancelled, status]).sort()).toEqual(
      own.map(({ actionId }) => [actionId, true, 'cancelled']).sort(),
    );
    expect([...(await live(mine)), ...(await live(theirs))].map(({ actionId }) => actionId)).toEqual([
      kept.actionId,
      other.actionId,
    ]);
    await until('only the others are armed', () => agent.probes.armed === 2 || undefined);
    expect((await mine.call('cancel_actions', { investigation: 'tidy' })).structured.actions).toEqual([]);
    expect((await mine.call('cancel_actions', { investigation: 'tydi' })).structured.error).toMatchObject({
      code: 'not_found',
      field: 'investigation',
    });
  });

  it('has no more live actions and no more hits than the policy says, and get_status tells how many are left', async () => {
    const quota = async (name: string) => {
      const { quotas } = (await mine.call('get_status')).structured;
      return quotas.find((each) => each.quota === name);
    };
    const args = { investigation: 'hungry', maxHits: 5 };
    await place(mine, args);
    await place(mine, args);
    expect((await place(mine, args)).error).toMatchObject({
      code: 'quota_exceeded',
      field: 'investigation',
      data: { quota: 'hits_per_investigation', limit: 12, used: 10, left: 2, renewsAt: expect.any(String) },
    });
    expect(await quota('hits_per_investigation')).toEqual({
      ...{ quota: 'hits_per_investigation', investigation: 'hungry', limit: 12, used: 10, left: 2 },
    });
    await place(mine, { ...args, maxHits: 1 });
    const full = { quota: 'concurrent_actions_per_investigation', limit: 3, used: 3, left: 0 };
    expect((await place(mine, { ...args, maxHits: 1 })).error).toMatchObject({ code: 'quota_exceeded', data: full });
    expect(await quota(full.quota)).toEqual({ ...full, investigation: 'hungry' });
    expect(await quota('concurrent_actions_per_agent')).toMatchObject({ used: 3, left: 97, agentId: 'sign-in-1' });
    expect(await place(mine, { investigation: 'fresh', maxHits: 12 })).toMatchObject({ status: 'pending' });
  });
});

describe('cancel_actions', () => {
  const unknown = `act_${'0'.repeat(22)}`;

  it('does what it may and tells of each of the others why not', async () => {
    const [own, foreign] = [await place(mine), await place(theirs)];
    const { structured, isError } = await mine.call('cancel_actions', {
      actionIds: [foreign.actionId, own.actionId, unknown, 'nonsense', own.actionId],
    });
    expect(isError).toBe(false);
    expect(structured.actions).toEqual([
      { actionId: foreign.actionId, cancelled: false, error: { code: 'org_access_denied', message: expect.any(String) } },
      { actionId: own.actionId, status: 'cancelled', cancelled: true, hitCount: 0 },
      { actionId: unknown, cancelled: false, error: { code: 'not_found', message: expect.stringContaining(unknown) } },
      { actionId: 'nonsense', cancelled: false, error: { code: 'not_found', message: expect.any(String) } },
    ]);
    expect((await live(theirs)).map(({ actionId }) => actionId)).toEqual([foreign.actionId]);
  });

  it('is refused when nothing can be done, with what became of each', async () => {
    const { actionId } = await place(theirs);
    const { error } = (await mine.call('cancel_actions', { actionIds: [unknown, actionId] })).structured;
    expect(error).toMatchObject({ code: 'not_found', field: 'actionIds', next: expect.any(String) });
    expect(error?.data?.actions).toMatchObject([{ error: { code: 'not_found' } }, { error: { code: 'org_access_denied' } }]);
    expect((await live(theirs)).map((action) => action.actionId)).toEqual([actionId]);
  });

  it('takes ids and an investigation together, and one of both at least', async () => {
    const [own, named] = [await place(mine), await place(mine, { investigation: 'both' })];
    const args = { actionIds: [own.actionId, named.actionId], investigation: 'both' };
    const { actions } = (await mine.call('cancel_actions', args)).structured;
    expect(actions.map(({ actionId, cancelled }) => [actionId, cancelled])).toEqual([
      [own.actionId, true],
      [named.actionId, true],
    ]);
    expect((await mine.call('cancel_actions')).structured.error).toMatchObject({ code: 'invalid_input', field: 'actionIds' });
    const many = Array.from({ length: 51 }, () => unknown);
    expect((await mine.call('cancel_actions', { actionIds: many })).structured.error).toMatchObject({ field: 'actionIds' });
  });
});
