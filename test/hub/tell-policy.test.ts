import { expect, it } from 'vitest';
import { tellPolicy } from '../../src/hub/tell-policy.ts';
import type { AgentPolicy, BridgeFrame } from '../../src/protocol/frames.ts';

const policy = (pause: boolean): AgentPolicy => ({ names: { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] }, pause });

it('tells each its own', async () => {
  const told: BridgeFrame[] = [];
  const sessions = [true, false].map((agent) => ({ agent, tell: (frame: BridgeFrame) => void told.push(frame) }));
  await tellPolicy(sessions, policy);
  expect(told).toEqual([true, false].map((pause) => ({ t: 'policy', policy: policy(pause) })));
});

it('tells who has to wait for a turn the policy that holds by then, and lets others have theirs', async () => {
  const told: BridgeFrame[] = [];
  const sessions = Array.from({ length: 150 }, (_, agent) => ({ agent, tell: (frame: BridgeFrame) => void told.push(frame) }));
  let now = policy(false);
  const all = tellPolicy(sessions, () => now);
  expect(told).toHaveLength(100);
  now = policy(true);
  await all;
  expect(told.map((frame) => frame.t === 'policy' && frame.policy.pause)).toEqual([
    ...Array<boolean>(100).fill(false),
    ...Array<boolean>(50).fill(true),
  ]);
});
