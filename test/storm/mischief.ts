import type { Random } from '../../agents-sim/random.ts';
import { finish } from '../../src/actions/finish.ts';
import { operatorOf } from '../../src/authorization/administer.ts';
import { revokeKey } from '../../src/keys.ts';
import type { Caller, Enrolment } from './callers.ts';
import { machine } from './machine.ts';
import type { StormReplica } from './replica.ts';
import type { World } from './world.ts';

/** When all is calm again: after so long the actions that would live on are ended. */
const cleanUpMs = 20_000;
/** Furthest that a clock jumps. */
const maxJumpMs = 40_000;

/** `calm`: nothing goes wrong. `prompt`: notes get lost and agents do not stay, but everything else is quick. `wild`: all there is. */
export type WorldKind = 'calm' | 'prompt' | 'wild';

/** What happens in a world: calls, passes, and, each in some worlds only, everything that can go wrong. */
export class Mischief {
  readonly #world: World;
  readonly #random: Random;
  readonly #kind: WorldKind | undefined;
  #isOver = false;
  #isStrict = false;

  constructor(world: World, kind?: WorldKind) {
    this.#world = world;
    this.#kind = kind;
    this.#random = world.random.fork('mischief');
  }

  async begin(): Promise<void> {
    const random = this.#random;
    const world = this.#world;
    await world.begin(random.integer(2, 3), random.integer(2, 5));
    this.#again(150, random.pick([400, 1_500]), () => this.#ask());
    // By its handle, at whatever replica.
    world.leftPending = (caller, actionId, hits) => {
      if (!this.#isOver && random.chance(0.5))
        world.ask(world.wishes.wait(caller, actionId, hits, machine.now), this.#one(), new AbortController().signal);
    };
    // Some programs never come to the line.
    for (const index of world.agents.keys())
      if (random.chance(0.75))
        this.#again(200, random.pick([600, 3_000]), () => world.agents[index]?.agent.pass(random.integer(1, 2)));
    const kind = this.#kind ?? random.pick(['calm', 'prompt', 'wild', 'wild', 'wild'] as const);
    world.isCalm = kind === 'calm';
    world.isPrompt = kind !== 'wild';
    if (kind === 'calm') return;
    if (kind === 'prompt') {
      this.#notesOnly();
      return;
    }
    this.#unreliable();
    const troubles = [
      { least: 3_000, most: 25_000, share: 0.4, run: () => this.#kill() },
      { least: 4_000, most: 25_000, share: 0.3, run: () => this.#drain() },
      { least: 2_000, most: 20_000, share: 0.4, run: () => this.#cutDatabase() },
      { least: 2_000, most: 20_000, share: 0.4, run: () => this.#cutAgents() },
      { least: 5_000, most: 30_000, share: 0.3, run: () => this.#restartDatabase() },
      { least: 2_000, most: 15_000, share: 0.25, run: () => this.#jump() },
      { least: 3_000, most: 25_000, share: 0.4, run: () => this.#revoke() },
      { least: 5_000, most: 40_000, share: 0.2, run: () => this.#revokeEnrolment() },
      { least: 1_000, most: 12_000, share: 0.3, run: () => this.#reload() },
      { least: 4_000, most: 20_000, share: 0.25, run: () => this.#pause() },
      { least: 1_000, most: 12_000, share: 0.5, run: () => this.#trouble() },
    ];
    for (const { least, most, share, run } of troubles) if (random.chance(share)) this.#again(least, most, run);
  }

  /** Notes get lost, and agents do not stay; the database and the ways to agents are at their best. */
  #notesOnly(): void {
    const random = this.#random;
    const { agents, bells } = this.#world;
    Object.assign(bells.faults, { dropped: random.pick([0, 0, 0.3, 1]), late: random.next(), twice: random.next() * 0.4 });
    this.#again(500, 4_000, () => {
      const agent = agents[random.integer(0, agents.length - 1)];
      const times = random.chance(0.5) ? [0] : [0, random.integer(100, 700), random.integer(700, 1_400)];
      for (const ms of times)
        machine.after(ms, () => {
          // Its bridge does not hear that it goes, and takes it for connected when it comes to another one.
          if (agent?.wire !== undefined && random.chance(0.5)) agent.wire.isSilent = true;
          agent?.agent.disconnect();
        });
    });
    if (random.chance(0.3)) this.#again(4_000, 25_000, () => this.#kill());
    if (random.chance(0.3)) this.#again(3_000, 25_000, () => this.#revoke());
    if (random.chance(0.3)) this.#again(5_000, 40_000, () => this.#revokeEnrolment());
    if (random.chance(0.5)) this.#again(1_000, 12_000, () => this.#reload());
  }

  /** From here on nothing goes wrong any more, and nobody asks. */
  end(): void {
    this.#isOver = true;
    const { bells, network, replicas } = this.#world;
    Object.assign(bells.faults, { dropped: 0, late: 0, twice: 0 });
    Object.assign(network.faults, { late: 0, cut: 0, silent: 0 });
    for (const replica of replicas) {
      Object.assign(replica.line.faults, { lost: 0, late: 0 });
      this.#joinAgain(replica);
      replica.setReached(true);
      replica.clock.offMs = 0;
      if (replica.state === 'down') this.#start(replica.name);
    }
    for (const org of ['north', 'south']) this.#setPaused(org, false);
    machine.after(cleanUpMs, () => this.#cleanUp());
  }

  /** Shares of everything on the way, from none to a lot. */
  #unreliable(): void {
    const { bells, network, replicas } = this.#world;
    const some = (most: number) => (this.#random.chance(0.5) ? 0 : this.#random.next() * most);
    Object.assign(bells.faults, { dropped: this.#random.chance(0.15) ? 1 : some(0.5), late: some(0.6), twice: some(0.4) });
    Object.assign(network.faults, {
      ...{ late: some(0.3), maxDelayMs: this.#random.pick([40, 800, 4_000]) },
      ...{ cut: some(0.02), silent: some(0.004) },
    });
    const line = { lost: some(0.03), late: some(0.25), maxDelayMs: this.#random.pick([20, 300, 3_000]) };
    for (const replica of replicas) Object.assign(replica.line.faults, line);
  }

  #again(least: number, most: number, run: () => void): void {
    const plan = () => {
      machine.after(this.#random.integer(least, most), () => {
        if (this.#isOver) return;
        run();
        plan();
      });
    };
    plan();
  }

  #for(least: number, most: number, end: () => void): void {
    machine.after(this.#random.integer(least, most), end);
  }

  #ask(): void {
    const world = this.#world;
    const random = this.#random;
    const call = world.wishes.next(world.callers as [Caller, ...Caller[]], machine.now);
    const replica = this.#one();
    const leave = new AbortController();
    if (random.chance(0.1)) machine.after(random.integer(0, 5_000), () => leave.abort());
    world.ask(call, replica, leave.signal);
  }

  #one(): StormReplica {
    const { replicas } = this.#world;
    return replicas[this.#random.integer(0, replicas.length - 1)] as StormReplica;
  }

  #note(replica: StormReplica, what: string): void {
    this.#world.chronicle.note(replica.name, what);
  }

  #kill(): void {
    const replica = this.#one();
    if (replica.state === 'down') return;
    const isMachine = this.#random.chance(0.4);
    this.#note(replica, isMachine ? 'its machine dies' : 'is killed');
    replica.kill(isMachine);
    this.#for(200, 15_000, () => this.#start(replica.name));
  }

  #drain(): void {
    const replica = this.#one();
    if (replica.state !== 'up') return;
    this.#note(replica, 'is told to end');
    const again = () => this.#for(200, 8_000, () => this.#start(replica.name));
    replica.drain().then(again, again);
  }

  /** As whoever looks after processes does it: again, until it stands. */
  #start(name: string): void {
    const world = this.#world;
    const before = world.replicas.find((replica) => replica.name === name);
    if (before?.state !== 'down') return;
    const offMs = this.#isOver ? 0 : before.clock.offMs;
    const faults = { ...before.line.faults };
    world.startReplica(name, offMs, faults).catch((problem: unknown) => {
      const failed = world.replicas.find((replica) => replica.name === name);
      if (failed === undefined || failed.state === 'down') return;
      this.#note(failed, `cannot start: ${String(problem)}`);
      failed.kill(false);
      machine.after(2_000, () => this.#start(name));
    });
  }

  #cutDatabase(): void {
    const replica = this.#one();
    this.#note(replica, 'loses the database');
    replica.line.faults.isCut = true;
    this.#for(500, 22_000, () => this.#joinAgain(replica));
  }

  #joinAgain(replica: StormReplica): void {
    const { faults } = replica.line;
    if (!faults.isCut && !faults.isDown) return;
    faults.isCut = false;
    faults.isDown = false;
    this.#note(replica, 'reaches the database');
    this.#world.bells.missed(replica.id);
  }

  #cutAgents(): void {
    const replica = this.#one();
    this.#note(replica, 'is cut off from agents and callers');
    replica.setReached(false);
    this.#for(500, 22_000, () => {
      this.#note(replica, 'is reached again');
      replica.setReached(true);
    });
  }

  #restartDatabase(): void {
    const { replicas, chronicle } = this.#world;
    chronicle.note('database', 'starts again');
    for (const { line } of replicas) {
      line.faults.isDown = true;
      line.reset();
    }
    this.#for(100, 8_000, () => {
      for (const replica of this.#world.replicas) this.#joinAgain(replica);
    });
  }

  #jump(): void {
    const replica = this.#one();
    const most = this.#random.pick([1_000, 4_000, maxJumpMs]);
    replica.clock.offMs = this.#random.integer(-most, most);
    this.#world.skewMs = Math.max(this.#world.skewMs, Math.abs(replica.clock.offMs));
    this.#note(replica, `is ${replica.clock.offMs} ms off`);
  }

  #revoke(): void {
    this.#revokeAt(this.#one(), this.#random.pick(this.#world.callers as [Caller, ...Caller[]]));
  }

  #revokeEnrolment(): void {
    this.#revokeAt(this.#one(), this.#random.pick(this.#world.enrolments as [Enrolment, ...Enrolment[]]));
  }

  #revokeAt(replica: StormReplica, key: { org: string; keyId: string; revokedAt?: number }): void {
    if (replica.state !== 'up' || key.revokedAt !== undefined) return;
    const { desk } = replica.assembled.bridge;
    const revoke = async () => {
      const found = await desk.keys.find(key.keyId);
      await revokeKey(desk, operatorOf(key.org).revoke(found, key.keyId));
      key.revokedAt = machine.now;
      this.#note(replica, `has revoked ${key.keyId}`);
    };
    revoke().catch(() => undefined);
  }

  /** The files change for all; one replica is told by an operator, unless somebody only copies the files. */
  #reload(): void {
    const replica = this.#one();
    const isStrict = !this.#isStrict;
    this.#isStrict = isStrict;
    this.#world.setPolicies(isStrict);
    this.#note(replica, `has ${isStrict ? 'stricter' : 'the shipped'} policies`);
    if (replica.state !== 'up' || this.#random.chance(0.3)) return;
    replica.assembled.others.everywhere.policies.reload('operator').catch(() => undefined);
  }

  #cleanUp(): void {
    const { replicas, chronicle } = this.#world;
    chronicle.note('operator', 'ends what lives on');
    const { actions } = (replicas[0] as StormReplica).assembled.bridge.services;
    const end = async () => {
      for (const { org, id } of await actions.store.placedSince(0))
        await finish(actions, org, id, 'cancelled', 'The day is over.');
    };
    void end();
  }

  #pause(): void {
    const org = this.#random.pick(['north', 'south'] as const);
    this.#setPaused(org, true);
    this.#for(500, 8_000, () => this.#setPaused(org, false));
  }

  #setPaused(org: string, isPaused: boolean): void {
    const { db, chronicle } = this.#world;
    chronicle.note(org, isPaused ? 'is paused' : 'goes on');
    const statement = isPaused
      ? 'insert into paused_orgs (org, paused_at) values ($1, $2) on conflict do nothing'
      : 'delete from paused_orgs where org = $1 and $2::int8 > 0';
    void machine.during(() => db.query(statement, [org, machine.now]));
  }

  /** Something small at an agent. */
  #trouble(): void {
    const random = this.#random;
    const { agents } = this.#world;
    const agent = agents[random.integer(0, agents.length - 1)];
    const kind = random.integer(0, 4);
    this.#world.chronicle.note(agent?.agent.id ?? '', `trouble ${kind}`);
    if (kind === 0) agent?.agent.disconnect();
    else if (kind === 4) for (const ms of [0, 250, 600, 1_100]) machine.after(ms, () => agent?.agent.disconnect());
    else if (kind === 1) agent?.agent.pass(random.integer(10, 80));
    else if (kind === 2 && agent?.wire !== undefined) agent.wire.isSilent = true;
    else if (agent?.shape.kind === 'liar')
      for (let count = 0; count < 400; count += 1) agent.agent.sendRaw({ t: 'beat', ts: count });
  }
}
