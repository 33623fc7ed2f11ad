import { describe, expect, it } from 'vitest';
import type { ActionRecord, TargetRecord } from '../../src/actions/action.ts';
import type { ActionContext } from '../../src/actions/context.ts';
import { offeringMissed } from '../../src/actions/look-after.ts';
import type { ConnectedAgent } from '../../src/hub/handlers.ts';
import { createAgreement } from '../../src/replicas/agreement.ts';
import { createTestClock } from '../helpers/clock.ts';
import { action, agent, target } from '../storage/fixtures.ts';

const org = 'acme';

describe('what the table and the hub say of who is connected here', () => {
  /** Epochs by agent: as written down, and as the hub has them; `moved` ones are elsewhere by now. */
  const agree = async (written: Record<string, number>, here: Record<string, number>, moved: string[] = []) => {
    const did: string[] = [];
    const agents = Object.keys(here).map((id) => ({ id, org }) as ConnectedAgent);
    await createAgreement({
      replica: 'rep_a',
      clock: createTestClock(),
      agents: {
        connectedTo: async () => Object.entries(written).map(([id, epoch]) => ({ org, id, epoch })),
        disconnected: async (_, id, { epoch }) => void did.push(`${id} is gone, epoch ${epoch}`),
      },
      hub: {
        everyone: () => agents,
        find: (_, id) => agents.find((agent) => agent.id === id),
        letGo: (agent) => void did.push(`${agent.id} is let go`),
      },
      handlers: {
        isKnownAs: ({ id }, epoch) => here[id] === epoch,
        async stands({ id }) {
          did.push(`${id} stands?`);
          return !moved.includes(id);
        },
      },
    })();
    return did;
  };

  it('is left alone where it agrees', async () => {
    expect(await agree({ a: 1, b: 2 }, { a: 1, b: 2 })).toEqual([]);
  });

  it('is mended where an agent went, came or moved and the table or the hub does not know', async () => {
    expect(await agree({ went: 3 }, {})).toEqual(['went is gone, epoch 3']);
    expect(await agree({}, { came: 1 })).toEqual(['came stands?']);
    expect(await agree({}, { moved: 1 }, ['moved'])).toEqual(['moved stands?', 'moved is let go']);
  });
});

describe('actions that another bridge placed', () => {
  it('are looked for as far back as nobody could look', async () => {
    const clock = createTestClock();
    const since: number[] = [];
    let isAway = false;
    const store = {
      async placedSince(from: number): Promise<ActionRecord[]> {
        if (isAway) throw new Error('away');
        since.push(clock.now() - from);
        return [];
      },
    };
    const turn = offeringMissed(
      { store, clock } as unknown as ActionContext,
      { agents: () => [], hasAsked: () => false },
      () => 1,
    );
    await turn();
    clock.advance(2_000);
    await turn();
    isAway = true;
    clock.advance(120_000);
    await expect(turn()).rejects.toThrow('away');
    isAway = false;
    clock.advance(2_000);
    await turn();
    clock.advance(3_600_000);
    await turn();
    expect(since).toEqual([30_000, 32_000, 152_000, 660_000]);
  });

  it('are armed where the word of them was lost: not where the agent was asked or has answered, nor at once', async () => {
    const clock = createTestClock();
    const placed = (id: string, agentId: string, changes: Partial<TargetRecord> = {}, agoMs = 5_000) =>
      action({ id, createdAt: clock.now() - agoMs, expiresAt: clock.now() + 60_000, targets: [target(agentId, changes)] });
    const all = [
      placed('act_lost', 'a'),
      placed('act_asked', 'b'),
      placed('act_armed', 'a', { state: 'armed' }),
      placed('act_fresh', 'a', {}, 500),
      placed('act_elsewhere', 'far'),
    ];
    const armed: string[] = [];
    const store = { placedSince: async () => all };
    const hub = {
      async arm(_: string, agentId: string, { id }: { id: string }) {
        armed.push(`${id} on ${agentId}`);
        throw new Error('it does not answer');
      },
    };
    const turn = offeringMissed(
      { store, hub, clock } as unknown as ActionContext,
      { agents: () => [agent('a'), agent('b')], hasAsked: (_, agentId) => agentId === 'b' },
      () => 1,
    );
    for (const one of all)
      one.targets.push(...['a', 'b'].filter((id) => id !== one.targets[0]?.agentId).map((id) => target(id, { state: 'failed' })));
    await turn();
    expect(armed).toEqual(['act_lost on a']);
  });
});
