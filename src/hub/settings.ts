import { limits } from '../protocol/limits.ts';

/** Every ceiling of the agents' side, with its unit. */
export interface HubSettings {
  /** Time an agent has for its hello after the connection stands. */
  helloMs: number;
  /** Both sides send a beat this often. */
  beatMs: number;
  /** Told to agents: so long without a word, and they remove every probe. */
  maxSilenceMs: number;
  /** Beats an agent may miss before its connection is cut. */
  missedBeats: number;
  /** Time an agent has to answer `arm` or `remove`, waiting for its turn included. */
  answerMs: number;
  /** Time a handler has. One that takes longer counts as failed. */
  handlerMs: number;
  /** Time that work in hand has when the bridge drains or closes. */
  drainMs: number;
  /** Beyond some 20,000 agents a second replica helps more than a bigger one; an idle one costs about 10 kB of heap here. */
  maxConnections: number;
  /** Bytes of what connected agents say of themselves, all together; an honest hello has 1 to 2 kB. */
  maxHelloBytes: number;
  /** Connections whose key is being proved at the same time. */
  maxAuthenticating: number;
  /** Hellos that are looked into at the same time: of agents with one enrolment key, and of all. */
  admissions: { each: number; all: number };
  /** Frames that are handed to storage at the same time: of one agent, and of all; states and hits by themselves. */
  storing: { each: number; all: number };
  /** Hits that are redacted at the same time: it is work of the one thread that all share. */
  redacting: { each: number; all: number };
  /** Frames of one agent that are taken in; a frame above `bytesPerToken` counts as several. */
  framesPerSecond: number;
  frameBurst: number;
  bytesPerToken: number;
  /** Frames of one agent waiting for their turn: from `pauseAt…` on its socket is not read, above `maxQueuedFrames` it is closed. */
  pauseAtFrames: number;
  pauseAtBytes: number;
  maxQueuedFrames: number;
  /** Bytes of frames that wait or are in hand, of all agents: from here on nobody is read until there is room. */
  maxBacklogBytes: number;
  /** Bytes of frames that have begun to come, of all agents. */
  maxUnfinishedBytes: number;
  /** Pings and pongs of one connection. */
  controlFramesPerSecond: number;
  controlFrameBurst: number;
  /** What a slow reader may leave unread before it is cut. */
  maxBufferedBytes: number;
  /** Frames of one connection that may be refused before it is closed. */
  maxBadFrames: number;
  /** Frames of a kind this bridge does not know; more than bad ones, because a newer agent may send some in good faith. */
  maxUnsupportedFrames: number;
  /** Error frames of one connection that are logged. */
  maxLoggedErrors: number;
  /** Questions to one agent at the same time, and those that wait behind them. */
  armConcurrency: number;
  armQueue: number;
  /** Searches for a place that one agent has open; each is the work of up to `answerMs` there. */
  locateConcurrency: number;
  /** Agents remembered after they left, so that a resend is known and their id stays theirs. */
  maxRemembered: number;
}

/** Settings of a bridge that sets none. */
export const hubDefaults: HubSettings = {
  helloMs: 5_000,
  beatMs: limits.beatMs,
  maxSilenceMs: limits.maxSilenceMs,
  missedBeats: 3,
  answerMs: 5_000,
  handlerMs: 10_000,
  drainMs: 5_000,
  maxConnections: 20_000,
  maxHelloBytes: 64 * 1024 * 1024,
  maxAuthenticating: 256,
  admissions: { each: 16, all: 32 },
  storing: { each: 1, all: 8 },
  redacting: { each: 1, all: 2 },
  framesPerSecond: 100,
  frameBurst: 200,
  bytesPerToken: 32 * 1024,
  pauseAtFrames: 64,
  pauseAtBytes: 2 * 1024 * 1024,
  maxQueuedFrames: 1_024,
  maxBacklogBytes: 64 * 1024 * 1024,
  maxUnfinishedBytes: 64 * 1024 * 1024,
  controlFramesPerSecond: 10,
  controlFrameBurst: 100,
  maxBufferedBytes: 1024 * 1024,
  maxBadFrames: 20,
  maxUnsupportedFrames: 200,
  maxLoggedErrors: 10,
  armConcurrency: 8,
  armQueue: 32,
  locateConcurrency: 4,
  maxRemembered: 20_000,
};
