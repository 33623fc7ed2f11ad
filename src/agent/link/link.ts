import type { Declined } from '../../protocol/check-bridge.ts';
import { type AgentFrame, type BridgeFrame, type Located, subprotocol, type Welcome } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { AgentConfig } from '../config.ts';
import { beatOf, type Load } from './beat.ts';
import type { Introduction } from './introduction.ts';
import { linkLimits } from './link-limits.ts';
import { gauge, type ToMain } from './link-messages.ts';
import { explainStatus, waitMs } from './link-wait.ts';
import { PolicyGate } from './policy-gate.ts';
import type { Outgoing, Queue } from './queue.ts';
import { readFrame } from './read-frame.ts';
import { type Ended, WebSocketClient } from './websocket.ts';
import { closeCodes } from './websocket-frames.ts';

/** The bridge closes with this when another connection came with the same id. */
const replacedCode = 4001;

/** Frames that need no welcome before them. */
const mayComeFirst: ReadonlySet<BridgeFrame['t']> = new Set<BridgeFrame['t']>(['challenge', 'welcome', 'error']);

/** What the link is given by its worker. */
export interface LinkContext {
  config: AgentConfig;
  introduction: Introduction;
  queue: Queue;
  gauges: Int32Array;
  session?: string;
  tellMain(message: ToMain): void;
  /** Called once, after `stop`, when the connection is closed. */
  stopped(): void;
  log: { warn(message: string): void; debug(message: string): void };
}

/** The connection to the bridge: challenge → hello → welcome → frames both ways → lost → wait → again, until `stop`. */
export class Link {
  readonly #context: LinkContext;
  #socket: WebSocketClient | undefined;
  /** True between the welcome and the end of a connection. */
  #ready = false;
  #stopped = false;
  #session: string | undefined;
  #attempt = 0;
  #badFrames = 0;
  #commands = { second: 0, count: 0 };
  /** The bridge said no in a way that soon will not change. */
  #refused = false;
  #steadyTimer: NodeJS.Timeout | undefined;
  #welcomeTimer: NodeJS.Timeout | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  #beatTimer: NodeJS.Timeout | undefined;
  /** Runs from the last word of the bridge on, connected or not; started by the first welcome. */
  #silenceTimer: NodeJS.Timeout | undefined;
  readonly #policies = new PolicyGate((policy) => this.#command({ kind: 'policy', policy }));
  #load: Load = { actions: 0, share: 0, maxPauseMicros: 0 };

  constructor(context: LinkContext) {
    this.#context = context;
    this.#session = context.session;
  }

  start(): void {
    const { config, log } = this.#context;
    log.debug(`connecting to ${config.url}`);
    this.#refused = false;
    this.#badFrames = 0;
    const options = {
      url: new URL(config.url),
      subprotocol,
      bearer: config.key,
      maxMessageBytes: limits.maxBridgeFrameBytes,
      handshakeMs: linkLimits.handshakeMs,
      closeMs: linkLimits.closeMs,
    };
    this.#socket = new WebSocketClient(options, {
      open: () => this.#opened(),
      text: (message) => this.#received(message),
      ended: (why) => this.#ended(why),
    });
  }

  /** Takes a frame of the probes; it leaves at once when there is a connection. */
  send(frame: Outgoing): void {
    this.#context.queue.add(frame);
    if (this.#ready) this.#flush(this.#context.queue.takeUnsent());
  }

  /** What probes cost, for the next beat. */
  load(load: Load): void {
    this.#load = load;
  }

  /** The answer to a query; nobody waits for it when the connection is another one now. */
  located(answer: Located): void {
    if (this.#ready) this.#tell(answer);
  }

  /** Says bye and stays away. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const timer of [this.#retryTimer, this.#silenceTimer]) clearTimeout(timer);
    this.#tell({ t: 'bye', reason: 'config' });
    if (this.#socket === undefined) this.#context.stopped();
    else this.#socket.close(closeCodes.normal, 'bye');
  }

  #opened(): void {
    this.#context.introduction.opened();
    this.#welcomeTimer = setTimeout(() => this.#socket?.destroy('no welcome from the bridge'), linkLimits.welcomeMs);
  }

  #sayHello(challenge: string): void {
    const { introduction, queue } = this.#context;
    const resume = this.#session === undefined ? undefined : { session: this.#session, lastN: queue.lastN };
    const hello = introduction.hello(challenge, resume);
    if (hello === undefined) this.#garbage('bad-frame', 'challenge: expected once');
    else this.#socket?.send(hello);
  }

  #received(text: string): void {
    // Nobody's word counts before the welcome has shown whose it is.
    if (this.#ready) this.#silenceTimer?.refresh();
    const checked = readFrame(text, this.#context.introduction.trust);
    const declined = checked.declined ?? [];
    if (checked.objection !== undefined) this.#distrust(checked.objection);
    else if (!checked.ok && declined.length === 0) this.#garbage(checked.code, checked.message);
    else if (!checked.ok) this.#decline(declined);
    else if (!this.#ready && !mayComeFirst.has(checked.frame.t)) this.#garbage('bad-frame', 'The first frame is welcome.');
    else {
      this.#obey(checked.frame);
      // Behind the welcome, which drops what is queued of actions that are not in it.
      this.#decline(declined);
    }
  }

  /** Somebody who is not our bridge, or a bridge that lost its way: nothing of it is done, and the next connection starts anew. */
  #distrust(objection: string): void {
    this.#context.log.warn(`refused a frame of ${this.#context.config.url}: ${objection}`);
    this.#tell({ t: 'error', code: 'bad-signature', message: objection });
    this.#socket?.close(closeCodes.policy, 'bad-signature');
  }

  /** Says of actions that cannot be read that they failed here, so that nobody waits for them. */
  #decline(declined: Declined[]): void {
    for (const body of declined) this.send({ t: 'state', body });
  }

  #obey(frame: BridgeFrame): void {
    const { queue, log } = this.#context;
    switch (frame.t) {
      case 'challenge':
        this.#sayHello(frame.nonce);
        return;
      case 'welcome':
        this.#welcomed(frame);
        return;
      case 'arm':
        this.#command({ kind: 'arm', action: frame.action });
        return;
      case 'remove':
        this.#command({ kind: 'remove', id: frame.id, reason: frame.reason });
        return;
      case 'policy':
        this.#policies.offer(frame.policy);
        return;
      case 'locate':
        this.#command({ kind: 'locate', query: frame });
        return;
      case 'ack':
        queue.acknowledge(frame.n);
        return;
      case 'beat':
        return;
      case 'error':
        this.#refused = frame.code === 'auth' || frame.code === 'version' || frame.code === 'revoked';
        if (!this.#refused) {
          log.debug(`the bridge says ${frame.code}: ${frame.message}`);
          return;
        }
        log.warn(`the bridge refuses this agent (${frame.code}): ${frame.message}`);
        this.#disarm(`the bridge refuses this agent: ${frame.code}`);
        this.#socket?.close(closeCodes.normal, frame.code);
    }
  }

  #welcomed(welcome: Welcome): void {
    const { queue, gauges, log, introduction } = this.#context;
    const bridgeKey = introduction.trust.key;
    if (this.#ready || bridgeKey === undefined) {
      this.#garbage('bad-frame', 'welcome: expected once');
      return;
    }
    clearTimeout(this.#welcomeTimer);
    this.#ready = true;
    this.#session = welcome.session;
    this.#steadyTimer = setTimeout(() => {
      this.#attempt = 0;
    }, linkLimits.steadyMs);
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#silent(welcome.maxSilenceMs), welcome.maxSilenceMs);
    this.#beatTimer = setInterval(() => this.#beat(), welcome.beatMs);
    Atomics.store(gauges, gauge.silence, 0);
    log.debug(`connected as ${introduction.name}, ${welcome.actions.length} actions; ${introduction.trust.story}`);
    this.#policies.passed(welcome.policy);
    const { session, policy, actions } = welcome;
    this.#command({ kind: 'welcome', session, policy, actions, bridgeKey });
    queue.acknowledge(welcome.ackedN);
    queue.keepOnly(new Set(welcome.actions.map((action) => action.id)));
    this.#flush(queue.unacknowledged());
    this.#flush(queue.takeUnsent());
  }

  /** Hands a command to the program's thread, at a rate that it cannot feel. */
  #command(message: ToMain): void {
    const second = Math.floor(performance.now() / 1_000);
    if (this.#commands.second !== second) this.#commands = { second, count: 0 };
    this.#commands.count += 1;
    if (this.#commands.count > linkLimits.maxCommandsPerSecond) {
      this.#socket?.close(closeCodes.policy, 'too many commands');
      return;
    }
    this.#context.tellMain(message);
  }

  #garbage(code: string, message: string): void {
    this.#context.log.debug(`unusable frame from the bridge: ${message}`);
    this.#badFrames += 1;
    if (this.#badFrames > linkLimits.maxBadFrames) this.#socket?.close(closeCodes.policy, 'too many bad frames');
    else this.#tell({ t: 'error', code, message });
  }

  #silent(maxSilenceMs: number): void {
    const reason = `no word from the bridge for ${maxSilenceMs} ms`;
    this.#disarm(reason);
    if (this.#ready) this.#socket?.destroy(reason);
  }

  /** Takes every probe away; the next welcome brings back what is still wanted. */
  #disarm(reason: string): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = undefined;
    Atomics.store(this.#context.gauges, gauge.silence, 1);
    this.#context.tellMain({ kind: 'suspend', reason });
  }

  #beat(): void {
    if ((this.#socket?.bufferedBytes ?? 0) > linkLimits.maxUnreadBytes) return;
    this.#tell(beatOf(this.#load, this.#context.queue));
  }

  #ended(why: Ended): void {
    this.#ready = false;
    this.#socket = undefined;
    this.#policies.close();
    for (const timer of [this.#steadyTimer, this.#welcomeTimer, this.#beatTimer]) clearTimeout(timer);
    if (this.#stopped) {
      this.#context.stopped();
      return;
    }
    const { config, log } = this.#context;
    if (why.kind === 'refused') {
      const { message, refused } = explainStatus(why.status, config.url);
      this.#refused = refused;
      if (refused) this.#disarm(message);
      log.warn(message);
    } else if (why.kind === 'network') {
      // Somebody may have to mend an address that never worked; a bridge that went away comes back.
      const message = `cannot talk to ${config.url}: ${why.message}`;
      if (this.#session === undefined) log.warn(message);
      else log.debug(message);
    } else {
      log.debug(`closed: ${why.code} ${why.reason}`);
      if (why.code === replacedCode) this.#becomeNew();
    }
    const wait = waitMs(this.#attempt, this.#refused, Math.random());
    this.#attempt += 1;
    log.debug(`trying again in ${wait} ms`);
    this.#retryTimer = setTimeout(() => this.start(), wait);
  }

  /** A copy of this process has our id, as after a restored snapshot of a machine. It keeps the id, and what was wanted of it. */
  #becomeNew(): void {
    this.#disarm('another process took the place of this agent');
    this.#context.queue.clear();
    this.#session = undefined;
    this.#context.introduction.becomeNew();
    this.#context.log.debug(`goes on as the new agent ${this.#context.introduction.id}`);
  }

  #flush(frames: string[]): void {
    for (const frame of frames) this.#socket?.send(frame);
  }

  #tell(frame: AgentFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }
}
