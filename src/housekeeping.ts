import type { ActionContext } from './actions/context.ts';
import { endDue } from './actions/finish.ts';
import { offeringMissed, takeOffLeftBehind } from './actions/look-after.ts';
import type { Checkpointer } from './audit/checkpointer.ts';
import type { Config } from './config.ts';
import type { Hub } from './hub/hub.ts';
import { createEndingKeys } from './identity/ending-keys.ts';
import { createOwnerChecks } from './identity/owner-checks.ts';
import type { Stores } from './storage/stores.ts';
import type { AgentRecord } from './targets/agent.ts';

const hourMs = 3_600_000;

interface Kept {
  actions: ActionContext;
  hub: Hub;
  /** Agents of an organisation that are connected here. */
  agentsHere(org: string): AgentRecord[];
  concurrentPerAgent(): number;
  stores: Stores;
  config: Config;
  /** Tells agents when their pause was turned by somebody who could not ask this bridge. */
  pausesChanged(): Promise<void>;
  checkpointer: Checkpointer;
  /** Asks the provider about a person; absent where nobody can be asked. */
  recheck?: ((account: string) => Promise<unknown>) | undefined;
}

/** Work that comes round: each job starts again only after it has ended, and a failure is logged and tried again. */
export function housekeeping({
  actions,
  hub,
  agentsHere,
  concurrentPerAgent,
  stores,
  config,
  pausesChanged,
  checkpointer,
  recheck,
}: Kept): () => void {
  const { clock, log } = actions;
  const offerMissed = offeringMissed(actions, { agents: agentsHere, hasAsked: hub.hasAsked }, concurrentPerAgent);
  const jobs = [
    { name: 'end actions that are due', everyMs: 1_000, run: () => endDue(actions) },
    {
      name: 'take off what was left behind',
      everyMs: 5_000,
      run: () => takeOffLeftBehind(actions),
    },
    {
      name: 'offer what agents missed that connected while it was placed',
      everyMs: 2_000,
      run: offerMissed,
    },
    {
      name: 'delete what is past its retention',
      everyMs: 10 * 60_000,
      run: () => stores.prune(retention(config), clock.now()),
    },
    {
      name: 'delete what has ended of sign-ins',
      everyMs: 10 * 60_000,
      run: () => stores.oauth.removeExpired(clock.now()),
    },
    {
      name: 'see whether agents were paused elsewhere',
      everyMs: 2_000,
      run: pausesChanged,
    },
    {
      name: 'sign how far the audit trail has come',
      everyMs: 5_000,
      run: () => checkpointer.turn(),
    },
    {
      name: 'sign the ends of audit chains that were left behind',
      everyMs: 600_000,
      run: () => checkpointer.turnLeftBehind(),
    },
    {
      name: 'tell of keys that end soon',
      everyMs: 600_000,
      run: createEndingKeys({ keys: stores.keys, clock, log }),
    },
    ...(recheck === undefined
      ? []
      : [
          {
            name: 'check people with keys again',
            everyMs: 600_000,
            run: createOwnerChecks({ keys: stores.keys, people: stores.people, recheck, clock, log }),
          },
        ]),
    {
      name: 'let go of agents whose key was revoked elsewhere',
      everyMs: 5_000,
      run: async () => {
        for (const keyId of hub.keysInUse()) {
          const key = await stores.keys.find(keyId);
          if (key === undefined || key.revokedAt !== undefined || key.expiresAt <= clock.now()) hub.revokeKey(keyId);
        }
      },
    },
  ];
  const stops = jobs.map(({ name, everyMs, run }) => {
    let callOff = () => {};
    let stopped = false;
    const again = () => {
      if (!stopped) callOff = clock.after(everyMs, turn);
    };
    const turn = () => {
      run().then(again, (problem: unknown) => {
        log.error({ err: problem, job: name }, 'housekeeping failed');
        again();
      });
    };
    again();
    return () => {
      stopped = true;
      callOff();
    };
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** Agents that went away are listed for an hour; their rows may go a day later. */
function retention({ retentionHours, auditRetentionHours }: Config) {
  return { actionsMs: retentionHours * hourMs, auditMs: auditRetentionHours * hourMs, agentsMs: 24 * hourMs };
}
