import type { WebSocket } from 'ws';
import { newNonce } from '../agent/link/ed25519.ts';
import { newId } from '../lib/id.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Action, AgentFrame, BridgeError, BridgeFrame, Hello } from '../protocol/frames.ts';
import { Acks } from './acks.ts';
import { objectionTo, objectionToProof } from './admission.ts';
import { type Conversation, createConversation } from './conversation.ts';
import { type DescribedAgent, describeAgent } from './described.ts';
import { FrameLines } from './frame-line.ts';
import type { Enrolment } from './handlers.ts';
import { createIntake, type Intake, type Message } from './intake.ts';
import { closeCodes, createPeer, type Peer } from './peer.ts';
import { receive } from './receive.ts';
import type { SessionContext } from './session-context.ts';
import { createSealer, type Sealer } from './signing.ts';
import { createWelcome } from './welcome.ts';
import { within } from './within.ts';

/** One connection of one agent: proved key → challenge → hello → welcome → frames → end. */
export class Session {
  readonly enrolment: Enrolment;
  readonly peer: Peer;
  readonly conversation: Conversation;
  /** Resolves when the last handler of this session is done. */
  readonly finished: Promise<void>;
  /** Questions to the agent that are under way, and those among them that stand in no line. */
  readonly questions = { all: 0, direct: 0 };
  /** Set by the hello. */
  agent: DescribedAgent | undefined;
  readonly #context: SessionContext;
  readonly #intake: Intake;
  readonly #acks: Acks;
  #sessionId = newId('ses');
  /** What the hello has to be signed for. */
  readonly #challenge = newNonce();
  #sealer: Sealer = JSON.stringify;
  #heardAt: number;
  #helloBytes = 0;
  #badFrames = 0;
  #unsupportedFrames = 0;
  /** Who stands in line to be let in leaves it with the connection. */
  #admission: AbortController | undefined;
  #isClosed = false;
  /** A hello that is waited for no more. */
  #helloCame: () => void;
  #saidBye = false;
  /** Frames for the agent that came up before its welcome, which must be first. */
  #early: BridgeFrame[] | undefined = [];
  /** True once `handlers.connected` was called, so that `disconnected` is owed. */
  #announced = false;
  /** Which connection of this hub it is: one that was opened later has a higher one. */
  readonly #turn: number;
  /** Where the connection came from. */
  readonly #address: string | undefined;

  constructor(context: SessionContext, socket: WebSocket, enrolment: Enrolment, address: string | undefined) {
    const { clock, settings, handlers, log, registry } = context;
    this.#context = context;
    this.enrolment = enrolment;
    this.#address = address;
    this.#heardAt = clock.monotonic();
    this.peer = createPeer(socket, clock, settings, (bytes) => this.#count('out', bytes));
    const lines = new FrameLines(context.lines);
    this.#acks = new Acks(clock, this.peer);
    this.conversation = createConversation(
      ...([handlers, settings, log, this.#acks, lines] as const),
      (message, n) => this.#refuseFrame('bad-frame', message, n),
      (outcome) => context.telemetry.count('hits', { outcome }),
      (hits) => context.telemetry.count('hitsLeftOut', {}, hits),
    );
    const tooMany = () => this.turnOut('rate', 'More frames at once than can wait for their turn.');
    this.#intake = createIntake(socket, context, {
      handle: (message) => this.#take(message),
      overflow: tooMany,
      rest: () => lines.rest(),
    });
    socket.on('message', () => this.#heard());
    // `close` follows every error; the error itself is the agent's business (garbage, too big, reset).
    socket.on('error', (error) => log.debug({ ...this.#name(), reason: error.message }, 'agent socket failed'));
    this.#helloCame = clock.after(settings.helloMs, () => {
      if (this.agent === undefined) this.turnOut('bad-frame', `No hello within ${settings.helloMs} ms.`);
    });
    this.finished = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isClosed = true;
        this.#admission?.abort();
        this.#helloCame();
        void this.#finish().then(resolve);
      });
    });
    this.#turn = registry.nextTurn();
    registry.open.add(this);
    this.peer.send({ t: 'challenge', nonce: this.#challenge });
  }

  /** Whether the connection has ended. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Milliseconds of silence; none while it is us who do not listen. */
  silentMs(): number {
    const now = this.#context.clock.monotonic();
    if (this.#intake.busy) this.#heardAt = now;
    return now - this.#heardAt;
  }

  /** Asks the agent for an action. */
  arm(action: Action): void {
    this.conversation.asks(action);
    this.tell({ t: 'arm', action });
  }

  /** Sends a frame, behind the welcome if that is not out yet. */
  tell(frame: BridgeFrame): void {
    if (this.#early === undefined) this.peer.sendText(this.#sealer(frame));
    else this.#early.push(frame);
  }

  /** Resolves when every frame that came is dealt with, and the agent was told. */
  async idle(): Promise<void> {
    await this.#intake.idle();
    this.#acks.settle();
  }

  /** Says why, drops what waits and closes. */
  turnOut(code: BridgeError['code'], message: string): void {
    const { log, strangers } = this.#context;
    (this.agent === undefined ? strangers : log).warn({ ...this.#name(), code, reason: message }, 'agent turned out');
    this.#intake.discard();
    this.peer.refuse(code, message);
  }

  /** Cuts a connection that another replica has a newer one of. Without `replaced`: should that be a mistake, the agent comes back. */
  letGo(): void {
    this.#intake.discard();
    this.peer.cut();
  }

  /** A newer connection of the same agent takes over; it sends again what was not acknowledged. */
  #replace(): void {
    this.#intake.discard();
    this.peer.close(closeCodes.replaced, 'replaced');
    // Usually this socket is half-open and would never answer.
    this.peer.cut();
  }

  /** One message, in its turn. Never rejects. */
  async #take(message: Message): Promise<void> {
    this.#count('in', message.data.length);
    const received = await receive(message);
    if (!received.ok) return this.#refuseFrame(received.code, received.message, received.n);
    try {
      await this.#handle(received.frame, message);
    } catch (error) {
      // Not stored, so neither this frame nor a later one is acknowledged: the agent comes back and sends them again.
      this.#context.log.error({ ...this.#name(), frame: received.frame.t, err: error }, 'agent frame not handled');
      this.#intake.discard();
      this.peer.close(closeCodes.internal, 'try again later');
    }
  }

  async #handle(frame: AgentFrame, message: Message): Promise<void> {
    if (this.agent === undefined) {
      if (frame.t === 'hello') {
        this.#helloCame();
        this.#helloCame = nothing;
        this.#admission = new AbortController();
        if (this.#isClosed) this.#admission.abort();
        const admit = () => this.#admit(frame, message.data.toString('utf8'));
        // However many come at once, others' work waits for a few of them and not for all.
        await this.#context.admissions.during(this.enrolment.firstKeyId, this.#admission.signal, admit);
        this.#admission = undefined;
      } else this.turnOut('bad-frame', 'The first frame is hello.');
    } else if (frame.t === 'hello') this.#refuseFrame('bad-frame', 'hello: expected once');
    else if (frame.t === 'bye') {
      this.#saidBye = true;
      this.peer.close(closeCodes.normal, 'bye');
    } else await this.conversation.hear(this.agent, frame);
  }

  async #admit(hello: Hello, text: string): Promise<void> {
    const { registry, handlers, settings, clock, log, key } = this.#context;
    const { org, pool, keyId } = this.enrolment;
    const clockAheadMs = hello.now - clock.now();
    const unproved = objectionToProof(hello, text, this.#challenge);
    const stored = await within(settings.handlerMs, 'handlers.objection', handlers.objection(hello, this.enrolment));
    // Asked behind the wait, so that of two who come at once with one id the second sees the first.
    const objection = unproved ?? objectionTo(hello, this.enrolment, registry) ?? stored;
    if (objection !== undefined) {
      handlers.turnedAway({ ...objection, address: this.#address, enrolment: this.enrolment, hello });
      this.turnOut('auth', objection.sentence);
      return;
    }
    if (this.isClosed) return;
    const isTooMuch = registry.helloBytes + text.length > settings.maxHelloBytes;
    if (isTooMuch) return this.turnOut('rate', 'Agents say more of themselves than this bridge keeps.');
    const agent = describeAgent(hello, this.enrolment, clockAheadMs, clock.now());
    const before = registry.byId.get(agent.id);
    // A hello that was long on its way, over a connection that its agent has left for that one: an agent opens one at a time.
    if (before !== undefined && before.#turn > this.#turn) return this.letGo();
    // Known from here on: whoever places an action now waits for the welcome instead of missing this agent.
    this.agent = agent;
    this.#helloBytes = text.length;
    registry.helloBytes += text.length;
    registry.byId.set(agent.id, this);
    if (before !== undefined) {
      before.#replace();
      await before.finished;
    }
    const memory = registry.remembered(agent.id);
    if (hello.resume !== undefined && memory?.session === hello.resume.session) {
      this.#sessionId = memory.session;
      this.conversation.resume(memory.progress);
    }
    if (this.isClosed) return;
    this.#announced = true;
    const actions = await within(settings.handlerMs, 'handlers.connected', handlers.connected(agent));
    for (const action of actions) this.conversation.asks(action);
    const welcome = createWelcome(
      {
        session: this.#sessionId,
        now: clock.now(),
        beatMs: settings.beatMs,
        maxSilenceMs: settings.maxSilenceMs,
        ackedN: this.conversation.progress.ackedN,
      },
      handlers.policy(agent),
      actions,
    );
    this.#sealer = createSealer(key, clock, hello);
    for (const frame of [...welcome, ...(this.#early ?? [])]) this.peer.sendText(this.#sealer(frame));
    this.#early = undefined;
    log.info(
      { ...this.#name(), service: hello.service, org, pool, enrolmentKey: keyId, actions: actions.length },
      'agent connected',
    );
  }

  /** Says no to one frame. It is acknowledged all the same, or the agent would send it for ever. */
  #refuseFrame(code: 'bad-frame' | 'unsupported' | 'too-big' | 'version', message: string, n?: number): void {
    const { maxBadFrames, maxUnsupportedFrames } = this.#context.settings;
    if (code === 'unsupported') this.#unsupportedFrames += 1;
    else this.#badFrames += 1;
    const tooMany = this.#badFrames > maxBadFrames || this.#unsupportedFrames > maxUnsupportedFrames;
    if (this.agent === undefined || tooMany) {
      this.turnOut(code, message);
      return;
    }
    this.peer.send({ t: 'error', code, message });
    if (n !== undefined) this.conversation.refused(n);
  }

  #count(direction: 'in' | 'out', bytes: number): void {
    this.#context.telemetry.count('frames', { direction });
    this.#context.telemetry.count('frameBytes', { direction }, bytes);
  }

  #heard(): void {
    if (this.agent !== undefined) this.agent.lastSeenAt = this.#context.clock.now();
    this.#heardAt = this.#context.clock.monotonic();
  }

  /** The socket is closed: what came before still counts, then `disconnected`. Never rejects. */
  async #finish(): Promise<void> {
    const { registry, handlers, settings, log } = this.#context;
    const gone = new Refusal({
      code: 'upstream_error',
      message: 'The agent disconnected before it answered.',
      next: 'Try again; list_sources says whether it is connected again.',
    });
    this.conversation.answers.end(gone);
    this.conversation.locates.end(gone);
    await this.#intake.idle();
    this.#acks.end();
    const agent = this.agent;
    if (agent !== undefined) {
      const { org, firstKeyId } = this.enrolment;
      const publicKey = agent.hello.identity?.key;
      registry.remember(agent.id, { org, firstKeyId, publicKey, session: this.#sessionId, progress: this.conversation.progress });
      if (registry.byId.get(agent.id) === this) registry.byId.delete(agent.id);
      try {
        const signOff = () => within(settings.handlerMs, 'handlers.disconnected', handlers.disconnected(agent, this.#saidBye));
        if (this.#announced) await signOff();
      } catch (error) {
        log.error({ ...this.#name(), err: error }, 'agent not signed off');
      }
      log.info(this.#name(), 'agent disconnected');
    }
    registry.helloBytes -= this.#helloBytes;
    registry.open.delete(this);
  }

  #name(): { agent?: string } {
    return this.agent === undefined ? {} : { agent: this.agent.id };
  }
}

const nothing = (): void => undefined;
