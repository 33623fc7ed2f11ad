import { expect, it } from 'vitest';
import type { ActionRecord, TargetRecord } from '../../src/actions/action.ts';
import { withinRoom } from '../../src/actions/offer.ts';
import { action, target } from '../storage/fixtures.ts';

const on = (state: TargetRecord['state'], agentId = 'agent-1'): ActionRecord =>
  action({ targets: [target('another', { state: 'armed' }), target(agentId, { state })] });
const ids = (actions: ActionRecord[]) => actions.map(({ id }) => id);

it.each(['pending', 'armed', 'suspended'] as const)(
  'what is %s on an agent keeps its place, even when there are too many',
  (state) => {
    const live = [on(state), on(state), on(state)];
    expect(ids(withinRoom(live, 'agent-1', 2))).toEqual(ids(live));
  },
);

it.each(['failed', 'expired', 'removed'] as const)(
  'what is %s on it comes back, the oldest first, as far as places are left',
  (state) => {
    const [held, first, second, third] = [on('armed'), on(state), on(state), on(state)];
    expect(ids(withinRoom([held, first, second, third], 'agent-1', 3))).toEqual(ids([held, first, second]));
  },
);

it('a place that is held by a younger action is not given to an older one that is gone', () => {
  const [gone, held] = [on('failed'), on('armed')];
  expect(ids(withinRoom([gone, held], 'agent-1', 1))).toEqual(ids([held]));
});

it('what holds a place on another agent holds none on this one', () => {
  const elsewhere = action({ targets: [target('another', { state: 'armed' }), target('agent-1', { state: 'removed' })] });
  const held = on('armed');
  expect(ids(withinRoom([elsewhere, held], 'agent-1', 2))).toEqual(ids([elsewhere, held]));
  expect(ids(withinRoom([elsewhere, held], 'agent-1', 1))).toEqual(ids([held]));
});

it('without any place nothing that is gone comes back', () => {
  expect(withinRoom([on('failed')], 'agent-1', 0)).toEqual([]);
  expect(withinRoom([], 'agent-1', 3)).toEqual([]);
});
