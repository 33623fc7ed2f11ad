import { expect, it } from 'vitest';
import type { ActionRecord } from '../../src/actions/action.ts';
import type { ActionContext } from '../../src/actions/context.ts';
import { takeBack } from '../../src/actions/take-back.ts';
import { createWaker } from '../../src/actions/waker.ts';
import { createLog } from '../../src/lib/log.ts';
import { createTestClock } from '../helpers/clock.ts';
import { action } from '../storage/fixtures.ts';

/** A store that ends actions as told, and a hub that notes whom it told. */
function world(finish: () => Promise<ActionRecord | undefined>) {
  const told: string[] = [];
  const context = {
    store: { finish },
    hub: { remove: async (_org: string, agentId: string) => void told.push(agentId) },
    clock: createTestClock(),
    waker: createWaker(createTestClock()),
    log: createLog('silent'),
  } as unknown as ActionContext;
  return { told, context };
}

it('an action nobody got a handle of is ended, and its agents are told', async () => {
  const placed = action({});
  const { context, told } = world(async () => placed);
  expect(await takeBack(context, placed)).toBe(`The action ${placed.id} that it placed is cancelled.`);
  expect(told).toEqual(placed.targets.map(({ agentId }) => agentId));
});

it('its agents are told also when the end cannot be stored, and the caller hears when it ends by itself', async () => {
  const placed = action({});
  const { context, told } = world(() => Promise.reject(new Error('connection lost')));
  const said = await takeBack(context, placed);
  expect(said).toContain('could not be stored');
  expect(said).toContain(new Date(placed.expiresAt).toISOString());
  expect(told).toEqual(placed.targets.map(({ agentId }) => agentId));
});

it('nothing is said of one that had ended already, or was never stored', async () => {
  const { context, told } = world(async () => undefined);
  expect(await takeBack(context, action({}))).toBeUndefined();
  expect(told).toEqual([]);
});
