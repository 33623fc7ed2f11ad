import { createRandom, type Random } from '../../agents-sim/random.ts';
import type { PolicySource } from '../../src/authorization/in-force.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { newKey } from '../../src/identity/issue.ts';
import { checkKeyRequest, type KeyRequest } from '../../src/identity/key-request.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { createLog } from '../../src/lib/log.ts';
import type { AgentFrame, BridgeFrame } from '../../src/protocol/frames.ts';
import type { Db } from '../../src/storage/db.ts';
import { createKeyStore } from '../../src/storage/key-store.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { StormAgent, type Told } from './agents.ts';
import { Bells } from './bells.ts';
import { type Caller, type Enrolment, type OpenCall, type Outcome, promptSlackMs, Wishes } from './callers.ts';
import { Chronicle } from './chronicle.ts';
import type { LineFaults } from './database.ts';
import { machine } from './machine.ts';
import { deniedTools, narrowPool, policyDirectory, quotas, stormPolicies } from './policies.ts';
import { type Ground, StormReplica } from './replica.ts';
import type { Network, Wire } from './wires.ts';

const registry = createRegistry(allTools);
const [shipped, strict] = [false, true].map((isStrict) => stormPolicies({ tools: registry.names }, isStrict)) as [
  PolicySource,
  PolicySource,
];
const config: Config = readConfig(
  { 'public-url': 'https://storm.example', 'no-watch-policies': 'true', policies: policyDirectory, 'drain-seconds': '5' },
  {},
);
const hourMs = 3_600_000;
/** Some hour; the day has no meaning. */
const firstHour = Math.floor(1_800_000_000_000 / hourMs) * hourMs;
const tables = [
  ...['api_keys', 'quota_counters', 'actions', 'action_targets', 'hits', 'agents', 'audit', 'audit_chains', 'audit_checkpoints'],
  ...['paused_orgs', 'replicas', 'replica_questions'],
];
const written =
  /\b(?:insert into|update|delete from) (?:actions|agents|hits|quota_counters|action_targets t using|action_targets set hits)\b/;

/** What is watched from outside, step by step. */
export interface Watching {
  /** A text that leaves the bridges, or is kept by them. */
  seen(where: string, text: string): void;
  ended(call: OpenCall, outcome: Outcome): void;
  /** A bridge gave up a connection; told only where the way there is prompt. `isSilent`: nothing gets through it. */
  cutByBridge(agent: StormAgent, isSilent: boolean): void;
  acknowledged(agent: StormAgent, told: Told[]): void;
}

/** Bridges on one database, programs with agents, and callers, all of it made from one seed. */
export class World {
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly replicas: StormReplica[] = [];
  readonly agents: StormAgent[] = [];
  readonly callers: Caller[] = [];
  readonly enrolments: Enrolment[] = [];
  readonly open = new Set<OpenCall>();
  readonly bells: Bells;
  readonly network: Network;
  readonly db: Db;
  wishes: Wishes;
  /** Told of an action that an answer left pending, with the hits it had. */
  leftPending: (caller: Caller, actionId: string, hits: number) => void = () => undefined;
  /** Something was written that promises are about. */
  isDirty = true;
  /** Nothing goes wrong in it from its beginning. */
  isCalm = false;
  /** The database and the ways to agents and callers are as quick as they can be, so that what takes long is somebody's fault. */
  isPrompt = false;
  /** What the files of policies say now. */
  policies = shipped;
  /** Furthest that the clock of a replica was off. */
  skewMs = 0;
  readonly #ground: Omit<Ground, 'policies'>;
  readonly #askedAt = new Map<OpenCall, StormReplica>();
  readonly #watching: Watching;
  readonly #byWire = new WeakMap<Wire, StormAgent>();

  constructor(seed: number, db: Db, watching: Watching, isWhole: boolean) {
    const begin = createRandom(seed).fork('begin');
    // Some worlds see the hour renew.
    machine.begin(seed, firstHour + (begin.chance(0.3) ? hourMs - begin.integer(5_000, 40_000) : begin.integer(0, hourMs / 2)));
    machine.files = shipped.texts;
    this.random = machine.random;
    this.db = db;
    this.#watching = watching;
    this.chronicle = new Chronicle(() => machine.elapsedMs, isWhole);
    this.wishes = new Wishes(this.random.fork('wishes'));
    this.bells = new Bells(machine, this.random.fork('bells'), (replica, note) => this.chronicle.note(replica, `hears ${note}`));
    this.network = {
      faults: { late: 0, maxDelayMs: 0, cut: 0, silent: 0 },
      random: this.random.fork('wires'),
      carried: (wire, byAgent, data) => this.#carried(wire, byAgent, data),
      cutByBridge: (wire) => {
        const agent = this.#byWire.get(wire);
        if (this.isPrompt && agent?.wire === wire) watching.cutByBridge(agent, wire.isSilent);
      },
      heard: (wire, byAgent, data) => this.#heard(wire, byAgent, data),
    };
    this.#ground = {
      ...{ machine, random: this.random, shared: db, bells: this.bells, registry, config },
      secrets: createSecrets(Buffer.alloc(32, 7)),
      log: createLog('info', { write: (line: string) => this.#logged(line) }),
      events: {
        asked: (sql, parameters) => {
          this.chronicle.note('database', sql.slice(0, 60).replaceAll(/\s+/g, ' '));
          const text = parameters.filter((one) => one !== null && one !== undefined).join('\n');
          if (text.length > 0) watching.seen('what is stored', text);
        },
        wrote: (sql) => {
          if (written.test(sql)) this.isDirty = true;
        },
      },
    };
  }

  async begin(replicas: number, agents: number): Promise<void> {
    await this.db.query(`truncate ${tables.join(', ')}`);
    const orgs = ['north', 'south'];
    const records = orgs.flatMap(keysOf);
    await this.#insert(records);
    for (let index = 0; index < replicas; index += 1) await this.startReplica(`r${index}`, 0);
    const random = this.random.fork('agents');
    for (let index = 0; index < agents; index += 1) {
      const org = random.chance(0.75) ? 'north' : 'south';
      const pool = random.pick([narrowPool, 'green']);
      const kind = random.pick(['honest', 'honest', 'leaky', 'liar'] as const);
      const key = this.enrolments.find((one) => one.org === org && one.pool === pool) as Enrolment;
      const shape = { org, pool, key, kind, index };
      const agent = new StormAgent(shape, machine, random, this.network, (wire) => {
        this.#byWire.set(wire, agent);
        return this.#route(random);
      });
      this.agents.push(agent);
      agent.start();
    }
  }

  /** A replica starts, or starts again under its old name as another process. */
  async startReplica(name: string, clockOffMs: number, faults: Partial<LineFaults> = {}): Promise<StormReplica> {
    const replica = new StormReplica(name, { ...this.#ground, policies: this.policies }, clockOffMs);
    Object.assign(replica.line.faults, faults);
    const at = this.replicas.findIndex((one) => one.name === name);
    if (at < 0) this.replicas.push(replica);
    else this.replicas[at] = replica;
    this.chronicle.note(name, 'starts');
    await replica.start();
    return replica;
  }

  /** Other files; replicas find out, or are told. */
  setPolicies(isStrict: boolean): void {
    this.policies = isStrict ? strict : shipped;
    machine.files = this.policies.texts;
  }

  /** Calls under way that their replica would let begin now. */
  noteExposed(): void {
    for (const [call, replica] of this.#askedAt) call.wasExposed ||= this.#exposes(replica, call.tool);
  }

  #exposes(replica: StormReplica, tool: string): boolean {
    if (!deniedTools.has(tool)) return true;
    return replica.policyHash === shipped.policies.hash;
  }

  /** A caller asks; what comes of it is told when it comes. */
  ask(call: OpenCall, replica: StormReplica, leave: AbortSignal): void {
    const { caller, tool } = call;
    this.open.add(call);
    this.#askedAt.set(call, replica);
    call.wasExposed = this.#exposes(replica, tool);
    const running = [...this.open].filter((other) => other.caller === caller);
    if (this.isPrompt && running.length <= quotas.concurrent_calls) call.deadline = machine.now + call.waitMs + promptSlackMs;
    this.chronicle.note(caller.name, `${call.number} ${tool} at ${replica.name} ${JSON.stringify(call.arguments)}`);
    const request = { tool, arguments: call.arguments, requestId: `req_${call.number}`, signal: leave, client: 'storm/1' };
    const ended = (outcome: Outcome) => {
      this.open.delete(call);
      this.#askedAt.delete(call);
      const said = 'answer' in outcome ? outcome.answer.text : String(outcome.broken);
      this.chronicle.note(caller.name, `${call.number} ${tool}: ${said}`);
      if ('answer' in outcome) {
        const { actionId, status, hitCount } = outcome.answer.structured;
        if (typeof actionId === 'string' && status === 'pending') this.leftPending(caller, actionId, Number(hitCount));
        if (typeof actionId === 'string' && this.wishes.actions.every(({ id }) => id !== actionId))
          this.wishes.actions.push({ id: actionId, org: caller.org });
      }
      this.#watching.ended(call, outcome);
    };
    replica.call(caller.secret, request).then(
      (answer) => ended({ answer }),
      (broken: unknown) => ended({ broken }),
    );
  }

  #route(random: Random): StormReplica | undefined {
    const up = this.replicas.filter((replica) => replica.isReached && replica.state !== 'down');
    // A balancer does not know at once who died.
    const from = random.chance(0.9) && up.length > 0 ? up : this.replicas;
    return from[random.integer(0, from.length - 1)];
  }

  #carried(wire: Wire, byAgent: boolean, data: Buffer): void {
    if (!byAgent) return;
    const agent = this.#byWire.get(wire);
    if (agent === undefined) return;
    const frame = parse<AgentFrame>(data);
    if (frame !== undefined) agent.said(frame);
  }

  #heard(wire: Wire, byAgent: boolean, data: Buffer): void {
    const agent = this.#byWire.get(wire);
    if (agent === undefined) return;
    this.chronicle.note(byAgent ? agent.agent.id : `to ${agent.agent.id}`, data.subarray(0, 400).toString());
    if (byAgent || wire !== agent.wire) return;
    const frame = parse<BridgeFrame & { body?: string }>(data);
    if (frame !== undefined) this.#watching.acknowledged(agent, agent.heard(frame));
  }

  #logged(line: string): void {
    // Where an error was made is told at more or less length, by what ran in this process before.
    this.chronicle.note('log', line.trimEnd().replaceAll(/"stack":"(?:[^"\\]|\\.)*"/g, '"stack":""'));
    this.#watching.seen('the log', line);
  }

  async #insert(wanted: Wanted[]): Promise<void> {
    const issued = wanted.map(({ name, request, role, pool }) => {
      const { record, secret } = newKey(checkKeyRequest(request), machine.now);
      if (role === undefined) this.enrolments.push({ org: record.org, pool: pool ?? '', keyId: record.id, secret });
      else this.callers.push({ name, org: record.org, keyId: record.id, secret, role, pool });
      return record;
    });
    await createKeyStore(this.db).insertFirst(issued);
  }
}

/** A key to be made; one with a role is a caller's. */
interface Wanted {
  name: string;
  request: KeyRequest;
  role?: Caller['role'];
  pool?: string;
}

function keysOf(org: string): Wanted[] {
  const common = { org, owner: 'operator' };
  const api = { ...common, kind: 'api', permissions: ['dev_api'], scopes: ['runtime:read', 'runtime:capture'] } as const;
  const key = (name: string, role: Caller['role'], group: string) => ({
    ...{ name: `${org} ${name}`, role },
    ...(group === 'narrow' ? { pool: narrowPool } : {}),
    request: { ...api, name: `${org}-${name}`, role, groups: [group] } as KeyRequest,
  });
  const pools = [narrowPool, 'green'].map((pool) => ({
    name: `${org} ${pool}`,
    pool,
    request: { ...common, kind: 'enrolment', name: `agents-${pool}`, pool, service: '*' } as KeyRequest,
  }));
  return [
    key('wide', 'developer', 'everyone'),
    key('other', 'developer', 'everyone'),
    key('narrow', 'developer', 'narrow'),
    key('reader', 'viewer', 'everyone'),
    key('admin', 'company_admin', 'everyone'),
    ...pools,
  ];
}

function parse<T>(data: Buffer): T | undefined {
  try {
    const value: unknown = JSON.parse(data.toString());
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
