import type { Waker } from './actions/waker.ts';
import type { ReloadEffects } from './authorization/in-force.ts';
import type { HitStore } from './hits/hit.ts';
import type { HubHandlers } from './hub/handlers.ts';
import type { Instructions } from './hub/hub.ts';
import type { Clock } from './lib/clock.ts';
import { Refusal, refusals } from './lib/refusal.ts';
import type { Shaper } from './quota/shape.ts';
import { rules } from './redaction/rules.ts';
import { oneOf, type Telemetry } from './telemetry/telemetry.ts';
import { inLinkedSpan } from './telemetry/tracing.ts';

/** The stages of a bridge, each the same as before but that it tells what it does. */
export interface Measured {
  hits(store: HitStore): HitStore;
  handlers<Handlers extends HubHandlers>(handlers: Handlers): Handlers;
  instructions(instructions: Instructions): Instructions;
  waker(waker: Waker): Waker;
  shaper(shaper: Shaper): Shaper;
  reloads(effects: ReloadEffects): ReloadEffects;
}

/** Why an agent may be turned away; anything else it cannot be. */
const reasons: ReadonlySet<string> = new Set([...Object.keys(refusals), 'auth', 'proof', 'duplicate']);

/** What one hit may add for a rule: in part it is the agent's word. */
const maxHidden = 20_000;

/** Tells `telemetry`. */
export function measuredBy(telemetry: Telemetry, clock: Clock): Measured {
  const tellHidden = (hidden: Readonly<Record<string, number>>) => {
    for (const [rule, count] of Object.entries(hidden))
      telemetry.count('redactionsStored', { rule: Object.hasOwn(rules, rule) ? rule : 'custom' }, Math.min(maxHidden, count));
  };
  const secondsSince = (startedMs: number) => (clock.monotonic() - startedMs) / 1_000;
  return {
    hits: (store) => ({
      ...store,
      async foresee(hit) {
        const outcome = await store.foresee(hit);
        if (outcome !== undefined) telemetry.count('hits', { outcome });
        return outcome;
      },
      async append(hit) {
        let outcome = 'failed';
        try {
          const stored = await store.append(hit);
          outcome = stored.outcome;
          if (outcome === 'stored') tellHidden(hit.capture.hidden);
          return stored;
        } finally {
          telemetry.count('hits', { outcome });
        }
      },
    }),
    handlers: (handlers) => ({
      ...handlers,
      async connected(agent) {
        telemetry.count('agentConnections', { event: 'connected' });
        return handlers.connected(agent);
      },
      async disconnected(agent, saidBye) {
        telemetry.count('agentConnections', { event: 'disconnected' });
        return handlers.disconnected(agent, saidBye);
      },
      turnedAway(who) {
        telemetry.count('agentsRefused', { reason: oneOf(reasons, who.reason) });
        handlers.turnedAway(who);
      },
      error(agent, frame) {
        telemetry.count('agentErrors', {});
        handlers.error(agent, frame);
      },
      async hit(agent, hit) {
        const startedMs = clock.monotonic();
        const about = { 'sidelight.action.id': hit.id, 'sidelight.agent.id': agent.id, 'sidelight.hit': hit.hit };
        await inLinkedSpan('receive hit', hit.traceparent, about, () => handlers.hit(agent, hit));
        telemetry.observe('hitSeconds', {}, secondsSince(startedMs));
      },
    }),
    instructions: (instructions) => ({
      ...instructions,
      async arm(org, agentId, action) {
        const startedMs = clock.monotonic();
        let outcome = 'failed';
        try {
          const answer = await instructions.arm(org, agentId, action);
          outcome = 'answered';
          return answer;
        } catch (problem) {
          if (problem instanceof Refusal) outcome = problem.code;
          throw problem;
        } finally {
          telemetry.observe('armSeconds', { outcome }, secondsSince(startedMs));
        }
      },
    }),
    waker(waker) {
      let waiting = 0;
      telemetry.gauge('waits', () => waiting);
      return {
        ...waker,
        listen(actionId) {
          const listener = waker.listen(actionId);
          waiting += 1;
          return {
            ...listener,
            end() {
              waiting -= 1;
              listener.end();
            },
          };
        },
      };
    },
    shaper(shaper) {
      let queued = 0;
      telemetry.gauge('queuedCalls', () => queued);
      return {
        async run(charge, signal, work) {
          let isQueued = true;
          const leave = () => {
            if (isQueued) queued -= 1;
            isQueued = false;
          };
          queued += 1;
          try {
            return await shaper.run(charge, signal, (queuedMs) => {
              leave();
              return work(queuedMs);
            });
          } finally {
            leave();
          }
        },
      };
    },
    reloads: (effects) => ({
      ...effects,
      async record(...what) {
        await effects.record(...what);
        telemetry.count('policyReloads', { outcome: 'taken' });
      },
      async recordRefused(...what) {
        telemetry.count('policyReloads', { outcome: 'refused' });
        await effects.recordRefused(...what);
      },
    }),
  };
}
