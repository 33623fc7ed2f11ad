import type { Refusal } from '../lib/refusal.ts';
import type { Action, AgentError, AgentPolicy, Hello, HitFrame, StateFrame } from '../protocol/frames.ts';
import type { RawCapture } from '../redaction/capture.ts';

/** What an enrolment key binds its agents to. */
export interface Enrolment {
  org: string;
  pool: string;
  /** Glob that the agent's service must match. */
  servicePattern: string;
  keyId: string;
  /** The first key of its rotations, so that an agent stays who it is when its key is rotated. */
  firstKeyId: string;
}

/** Why an agent may not come in: a short code for machines, a sentence for people. */
export interface Objection {
  /** `auth`: its key is for others. `proof`: it does not own the key it shows. `duplicate`: its id is another agent's. */
  reason: 'auth' | 'proof' | 'duplicate';
  sentence: string;
}

/** An agent that was not let in: its key was not proved, or does not allow what it says of itself. */
export interface TurnedAway {
  /** A short code for machines, a sentence for people. */
  reason: string;
  sentence: string;
  address: string | undefined;
  /** What was thrown when its key was looked at. */
  refusal?: Refusal;
  /** Where the key was proved. */
  enrolment?: Enrolment;
  hello?: Hello;
}

/** One agent that said hello and was let in. */
export interface ConnectedAgent {
  readonly id: string;
  readonly org: string;
  readonly pool: string;
  /** The first key of its rotations. */
  readonly enrolmentKeyId: string;
  /** As the agent described itself: checked, bounded, without unprintable characters; still only its own word. */
  readonly hello: Hello;
  readonly connectedAt: number;
  /** How many milliseconds its clock was ahead of ours at its hello, the way of the hello taken for nothing; below zero: behind. */
  readonly clockAheadMs: number;
  /** Milliseconds since the epoch of the last frame; goes on while it is connected. */
  readonly lastSeenAt: number;
}

/** One hit as it arrived, its capture sealed until redaction. */
export interface ReceivedHit extends Pick<HitFrame, 'id' | 'rev' | 'hit' | 'ts'> {
  /** False where it was not asked for on this connection: before it, if ever. */
  isAsked: boolean;
  /** Of the span that asked for it, by the agent's word. */
  traceparent: string | undefined;
  /** Does what is dear of it in the agent's turn. */
  redacting<T>(work: () => Promise<T>): Promise<T>;
  capture: RawCapture;
}

/**
 * What the hub asks of the rest of the bridge. For one agent the calls come one at a time and in the order of its frames,
 * `connected` first and `disconnected` last; every one of them is bounded by `handlerMs`.
 */
export interface HubHandlers {
  /** Proves the enrolment key; throws a `Refusal`. */
  authenticate(bearer: string | undefined, address: string | undefined): Promise<Enrolment>;
  /** Why an agent that says this may not come in with this key; undefined when it may. */
  objection(hello: Hello, enrolment: Enrolment): Promise<Objection | undefined>;
  /** Told of each agent that was not let in; must not throw. */
  turnedAway(who: TurnedAway): void;
  /** The agent said hello; answers what it must have armed. */
  connected(agent: ConnectedAgent): Promise<Action[]>;
  state(agent: ConnectedAgent, frame: StateFrame): Promise<void>;
  /** Resolved means stored, and only then is it acknowledged. Thrown means: not stored, let the agent send it again. */
  hit(agent: ConnectedAgent, hit: ReceivedHit): Promise<void>;
  /** The agent reports an error; asked at most `maxLoggedErrors` times on one connection, and must not throw. */
  error(agent: ConnectedAgent, frame: AgentError): void;
  /** `saidBye`: of its own will, and so it does not come back. */
  disconnected(agent: ConnectedAgent, saidBye: boolean): Promise<void>;
  /** What the agent is told of redaction, pause and budget: in its welcome, and whenever it changes. */
  policy(agent: ConnectedAgent): AgentPolicy;
}
