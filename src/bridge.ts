import type { AuditStore } from './audit/record.ts';
import type { Config } from './config.ts';
import type { AddressOf } from './identity/caller-address.ts';
import type { Leases } from './identity/lease.ts';
import type { Principal } from './identity/principal.ts';
import type { KeyDesk } from './keys.ts';
import type { Lines } from './lib/lines.ts';
import type { Log } from './lib/log.ts';
import type { Grants } from './oauth/grants.ts';
import type { OAuth } from './oauth/open.ts';
import type { RefusedCalls } from './quota/refused.ts';
import type { Shaper } from './quota/shape.ts';
import type { TagKeys } from './redaction/tag-keys.ts';
import type { Cancellations } from './replicas/cancellations.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Registry } from './tools/registry.ts';
import type { Services } from './tools/tool.ts';

/** Everything a call can reach; put together in start.ts. */
export interface Bridge {
  config: Config;
  log: Log;
  telemetry: Telemetry;
  /** Where a request comes from. */
  addressOf: AddressOf;
  /** Who a bearer token stands for; throws `missing_token` or `invalid_token`. */
  authenticate(bearer: string | undefined, address: string | undefined): Promise<Principal>;
  registry: Registry;
  services: Services;
  shaper: Shaper;
  /** Calls with large answers, of all callers. */
  largeAnswers: Lines;
  refusedCalls: RefusedCalls;
  leases: Leases;
  audit: AuditStore;
  /** Where keys are made, replaced and ended. */
  desk: KeyDesk;
  /** Keys by which equal hidden values have equal tags within one investigation; they never leave the bridge. */
  tagKeys: TagKeys;
  /** How people get in; undefined when only keys are taken. */
  oauth: OAuth | undefined;
  /** What people connected. */
  grants: Grants;
  /** Requests that their callers may still give up, on whichever replica they run. */
  cancellations: Cancellations;
}
