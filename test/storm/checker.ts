import type { StormAgent, Told } from './agents.ts';
import type { OpenCall, Outcome } from './callers.ts';
import { checkAcknowledged } from './checks/acknowledged.ts';
import { checkAllowances, checkCharged } from './checks/allowances.ts';
import { checkAnswer } from './checks/answers.ts';
import { checkLeftAlone, checkTurnedOut, checkWrittenDown } from './checks/connected.ts';
import { checkEnds } from './checks/ends.ts';
import { checkProbes } from './checks/probes.ts';
import { readStored, type Stored } from './checks/rows.ts';
import { checkSecrets } from './checks/secrets.ts';
import { must } from './checks/violation.ts';
import { checkWaits, Hits } from './checks/waits.ts';
import { machine } from './machine.ts';
import { quotas } from './policies.ts';
import type { StormReplica } from './replica.ts';
import type { Watching, World } from './world.ts';

const hourMs = 3_600_000;
/** A replica at rest has its rounds, and little more. */
const maxTimers = 400;
const maxTimersAtRest = 40;

/** Keeps the promises of a world in view. */
export class Checker {
  /** Since when nothing goes wrong. */
  calmSince: number | undefined;
  readonly #keys: string[] = [];
  readonly #answered = new Map<string, number>();
  /** Answers of each key, whenever they came. */
  readonly #got = new Map<string, number>();
  readonly #hits = new Hits();
  readonly #endedAt = new Map<string, number>();
  #stored: Stored = { agents: [], actions: [], hits: [], counters: [] };
  #fresh: { agent: StormAgent; told: Told }[] = [];
  /** What was found where it could not be thrown. */
  #found: unknown;

  /** What the world tells. */
  watching(world: () => World): Watching {
    const finding = (check: () => void) => {
      try {
        check();
      } catch (problem) {
        this.#found ??= problem;
      }
    };
    return {
      seen: (where, text) => finding(() => checkSecrets(where, text, this.#keys)),
      ended: (call, outcome) =>
        finding(() => {
          checkAnswer(call, outcome, world().agents, this.#stored.actions, machine.now);
          this.#count(call, outcome, world().skewMs);
          if ('answer' in outcome) {
            checkSecrets(`the answer of ${call.tool}`, outcome.answer.text, this.#keys);
            checkSecrets(`the answer of ${call.tool}`, JSON.stringify(outcome.answer.structured), this.#keys);
          }
        }),
      cutByBridge: (agent, isSilent) => finding(() => checkLeftAlone(agent, isSilent)),
      acknowledged: (agent, told) => this.#fresh.push(...told.map((one) => ({ agent, told: one }))),
    };
  }

  knows(keys: readonly string[]): void {
    this.#keys.push(...keys);
  }

  /** After every step. */
  async check(world: World): Promise<void> {
    if (this.#found !== undefined) throw this.#found;
    if (world.isDirty) {
      world.isDirty = false;
      this.#stored = await machine.during(() => readStored(world.db));
      for (const action of this.#stored.actions)
        if (action.status !== 'pending' && !this.#endedAt.has(action.id)) this.#endedAt.set(action.id, machine.now);
      this.#hits.note(this.#stored, machine.now);
      checkAllowances(this.#stored, world.callers, world.skewMs, machine.now);
      checkCharged(this.#got, world.callers, this.#stored);
    }
    if (this.#fresh.length > 0) checkAcknowledged(this.#fresh.splice(0), this.#stored, machine.now + world.skewMs);
    checkProbes({
      ...{ stored: this.#stored, agents: world.agents, callers: world.callers, now: machine.now, skewMs: world.skewMs },
      ...{ calmSince: this.calmSince, isCalm: world.isCalm, endedAt: this.#endedAt },
    });
    checkWrittenDown(world.agents, this.#stored);
    checkTurnedOut(world.agents, machine.now, this.calmSince);
    world.noteExposed();
    if (world.isCalm) checkEnds(this.#stored, machine.now);
    if (world.isCalm) checkWaits(world.open, this.#hits, this.#endedAt, machine.now);
    for (const call of world.open)
      must(machine.now <= call.deadline, 'every call ends', () => `${call.number} ${call.tool} of ${call.caller.name}`);
    for (const replica of world.replicas)
      must(replica.timers <= maxTimers, 'memory is bounded', () => `${replica.name} has ${replica.timers} timers`);
  }

  /** When all has come to rest. */
  async atRest(world: World): Promise<void> {
    await this.check(world);
    const living = this.#stored.actions.filter((action) => action.status === 'pending');
    must(living.length === 0, 'every action ends', () => living.map(({ id }) => id).join());
    for (const { agent } of world.agents)
      must(agent.probes.states.size === 0, 'no probe is left', () => `${agent.id} has ${[...agent.probes.states.keys()].join()}`);
    must(world.open.size === 0, 'every wait ends', () => [...world.open].map(({ number, tool }) => `${number} ${tool}`).join());
    const revoked = await machine.during(() =>
      world.db.query<{ id: string }>('select id from api_keys where revoked_at is not null'),
    );
    // A replica may have revoked a key and never heard that it did.
    const mayCome = world.agents.filter(({ shape }) => revoked.every(({ id }) => id !== shape.key.keyId));
    for (const agent of mayCome)
      must(
        agent.connectedAt !== undefined,
        'every agent comes back',
        () => `${agent.agent.id} ${agent.agent.state} ${agent.agent.refusal}`,
      );
    for (const replica of world.replicas) {
      for (const name of ['waits', 'queuedCalls'])
        must(Number(replica.gauges.get(name)?.()) === 0, 'nothing waits at rest', () => `${name} of ${replica.name}`);
      const { hash } = replica.assembled.inForce.status();
      must(hash === world.policies.policies.hash, 'replicas decide by the files', () => `${replica.name} decides by ${hash}`);
      must(replica.timers <= maxTimersAtRest, 'nothing is planned at rest', () => `${replica.name} has ${replica.timers} timers`);
      const others = replica.assembled.others.membership.others().map(({ id }) => id);
      const expected = world.replicas.filter((one) => one !== replica).map(({ id }) => id);
      must(
        expected.every((id) => others.includes(id)) && others.length === expected.length,
        'replicas see each other',
        () => `${replica.name} sees ${others.join()} and not ${expected.join()}`,
      );
    }
    for (const replica of world.replicas) await this.#seesAll(world, replica, mayCome);
    for (const table of ['actions', 'action_targets', 'hits', 'agents', 'audit', 'replica_questions']) {
      const rows = await machine.during(() => world.db.query<{ text: string }>(`select t::text as text from ${table} t`));
      for (const { text } of rows) checkSecrets(`a row of ${table}`, text, this.#keys);
    }
  }

  /** Answered calls of one caller in one hour; what lies near its end, or under a clock that is off, may be of another. */
  #count({ caller, startedAt, tool }: OpenCall, outcome: Outcome, skewMs: number): void {
    if ('answer' in outcome && !outcome.answer.isError) this.#got.set(caller.keyId, (this.#got.get(caller.keyId) ?? 0) + 1);
    const hour = Math.floor(startedAt / hourMs);
    const isSure = skewMs === 0 && hour === Math.floor(machine.now / hourMs);
    if (!('answer' in outcome) || outcome.answer.isError || !isSure) return;
    const key = `${caller.keyId} ${hour}`;
    const calls = (this.#answered.get(key) ?? 0) + 1;
    this.#answered.set(key, calls);
    must(calls <= quotas.calls_per_hour, 'calls per hour', () => `${caller.name} got ${calls}, the last by ${tool}`);
  }

  /** Whichever replica a caller comes to, the same agents are there. */
  async #seesAll({ agents }: World, { name, assembled }: StormReplica, mayCome: readonly StormAgent[]): Promise<void> {
    for (const org of ['north', 'south']) {
      const seen = (await machine.during(() => assembled.bridge.services.connected(org))).map(({ id }) => id);
      const there = mayCome.filter(({ shape, isHonest }) => shape.org === org && isHonest).map(({ agent }) => agent.id);
      const gone = agents.filter((agent) => !mayCome.includes(agent)).map(({ agent }) => agent.id);
      const still = gone.filter((id) => seen.includes(id));
      must(still.length === 0, 'agents of a revoked key are turned out', () => `${name} still sees ${still.join()}`);
      const missing = there.filter((id) => !seen.includes(id));
      must(missing.length === 0, 'every replica sees every agent', () => `${name} does not see ${missing.join()}`);
      must(new Set(seen).size === seen.length, 'every replica sees every agent', () => `${name} sees one twice: ${seen.join()}`);
    }
  }
}
