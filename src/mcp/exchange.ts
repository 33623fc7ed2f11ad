import type { OpenCalls } from '../http/open-calls.ts';
import type { Turn } from '../http/state.ts';
import type { Principal } from '../identity/principal.ts';
import type { Log } from '../lib/log.ts';
import type { Cancellations } from '../replicas/cancellations.ts';
import type { TraceOrigin } from '../telemetry/tracing.ts';
import type { Spine } from './spine.ts';

/** What both legs stand on. */
export interface Face {
  spine: Spine;
  version: string;
  calls: OpenCalls;
  cancellations: Cancellations;
  log: Log;
  /** How often a silent stream gets a comment, below the 60 s at which proxies cut; in milliseconds. */
  keepAliveMs: number;
}

/** One POST: who sent it, from where, with which client. */
export interface Exchange {
  principal: Principal;
  requestId: string;
  address: string | undefined;
  client: string | undefined;
  /** Revision of MCP, as its header says. */
  revision: string;
  /** Ends with the start of its tool. */
  turn: Turn;
  /** Where the client learns who lets people in (RFC 9728); undefined where nobody does. */
  resourceMetadata?: string | undefined;
  /** The trace that the message or its request is in. */
  trace?: TraceOrigin;
}
