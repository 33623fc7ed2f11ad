import type { AddressOf } from '../identity/caller-address.ts';
import type { Clock } from '../lib/clock.ts';
import type { Lines } from '../lib/lines.ts';
import type { Log } from '../lib/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Backlog } from './backlog.ts';
import type { HubHandlers } from './handlers.ts';
import type { Registry } from './registry.ts';
import type { HubSettings } from './settings.ts';
import type { BridgeKey } from './signing.ts';

/** What all sessions of a hub share. */
export interface SessionContext {
  clock: Clock;
  log: Log;
  /** The same, where so many lines a minute are written of connections that have not said hello. */
  strangers: Log;
  handlers: HubHandlers;
  /** Signs what agents obey. */
  key: BridgeKey;
  settings: HubSettings;
  registry: Registry;
  /** Agents whose hello is looked into, in lines by enrolment key. */
  admissions: Lines;
  /** Agents whose frames are stored, and whose hits are redacted, in lines by agent. */
  lines: { states: Lines; hits: Lines; redaction: Lines };
  /** Bytes of the frames of all agents that wait. */
  backlog: Backlog;
  /** Where a connection comes from. */
  addressOf: AddressOf;
  telemetry: Telemetry;
}
