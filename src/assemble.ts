import type { ActionContext } from './actions/context.ts';
import { createWaker } from './actions/waker.ts';
import { agentHandlers } from './agents.ts';
import { recordReloads } from './audit/beginning.ts';
import type { Checkpointer } from './audit/checkpointer.ts';
import { createCheckpointer } from './audit/checkpointer.ts';
import { createTurnedAway } from './audit/turned-away.ts';
import type { PolicySource } from './authorization/in-force.ts';
import { keepInForce, type PoliciesInForce } from './authorization/in-force.ts';
import type { Bridge } from './bridge.ts';
import type { Config } from './config.ts';
import { housekeeping } from './housekeeping.ts';
import { guardBearers } from './http/guarded-bearer.ts';
import type { AgentServer, Upgrade } from './hub/hub.ts';
import { createHub } from './hub/hub.ts';
import type { BridgeKey } from './hub/signing.ts';
import { createBridgeKey } from './hub/signing.ts';
import { KeyRefused, keyFacts } from './identity/admit-key.ts';
import { createAuthenticator } from './identity/authenticate.ts';
import { addressTold } from './identity/caller-address.ts';
import { createLeases } from './identity/lease.ts';
import { createOwners, ownedKeys } from './identity/owner.ts';
import { standingUnder } from './identity/standing.ts';
import type { KeyDesk } from './keys.ts';
import type { Clock } from './lib/clock.ts';
import { newId } from './lib/id.ts';
import { Lines } from './lib/lines.ts';
import type { Log } from './lib/log.ts';
import { Refusal, refusals } from './lib/refusal.ts';
import { measuredBy } from './measured.ts';
import { storedGrants } from './oauth/grants.ts';
import { openOAuth, type SignIn } from './oauth/open.ts';
import type { FetchAbout } from './oauth/server.ts';
import { noteSignIns } from './oauth/sign-in/audit-events.ts';
import type { OpenSignIn } from './oauth/sign-in/routes.ts';
import { openSignIn } from './oauth/sign-in/routes.ts';
import { createRefusedCalls } from './quota/refused.ts';
import { createShaper } from './quota/shape.ts';
import { readiness } from './readiness.ts';
import { createTagKeys } from './redaction/tag-keys.ts';
import { Cancellations } from './replicas/cancellations.ts';
import { type Agents, joinOthers } from './side-by-side.ts';
import type { Storage } from './storage/open.ts';
import { openPauses } from './targets/pause.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import { largeAnswers } from './tools/read-hits.ts';
import type { Registry } from './tools/registry.ts';
import type { Services } from './tools/tool.ts';
import { version } from './version.ts';

/** What a bridge is put together from, beside its configuration. */
export interface Parts {
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  storage: Pick<Storage, 'stores' | 'secrets' | 'seal' | 'state' | 'isShared' | 'openBell'>;
  /** The policies it begins with. */
  loaded: PolicySource;
  registry: Registry;
  /** How people sign in; the default is what identity.yaml says. */
  signIn?: SignIn;
  /** How documents about clients are fetched. */
  fetch?: FetchAbout;
  /** How an admitted agent becomes a connection; the default is a WebSocket. */
  upgrade?: Upgrade;
}

/** A bridge that is put together: known to the others on its data, and reached by nobody yet. */
export interface Assembled {
  bridge: Bridge;
  hub: AgentServer;
  key: BridgeKey;
  signIn: OpenSignIn | undefined;
  inForce: PoliciesInForce;
  others: Agents;
  pausesChanged(): Promise<void>;
  checkpointer: Checkpointer;
  /** Starts what comes round by itself; the returned function ends it. */
  keepHouse(): () => void;
  /** Tells what is not told yet and leaves the others. */
  leave(): Promise<void>;
}

/** Puts a bridge together over its storage. Serving it, and ending what it was given, is for the caller. */
export async function assemble(
  config: Config,
  { clock, log, telemetry, storage, loaded, registry, upgrade, ...outside }: Parts,
): Promise<Assembled> {
  const { stores } = storage;
  const measured = measuredBy(telemetry, clock);
  const secret = storage.secrets.derive('redaction-tags');
  const pauses = await openPauses(stores.pauses);
  const turnedAway = createTurnedAway({ audit: stores.audit, clock, log });
  const reloads = measured.reloads({ ...recordReloads(stores.audit, clock), took: async () => tellAgents() });
  const inForce = keepInForce(loaded, clock, log, reloads);
  const policies = () => inForce.now();
  const { identity } = loaded.policies;
  const stands = standingUnder(identity, clock);
  const owners = createOwners(stores.people, stands, (role) => policies().roles[role]?.reaches === 'all');
  const signIn = await openSignIn({
    ...{ records: stores.oauth, people: stores.people, secrets: storage.secrets, policies, clock, log },
    note: noteSignIns({ audit: stores.audit, people: stores.people, clock }),
  });
  const oauth = await openOAuth({
    ...{
      policy: identity,
      publicUrl: config.publicUrl,
      secrets: storage.secrets,
      records: stores.oauth,
      people: stores.people,
    },
    ...{ audit: stores.audit, clock, log, signIn, ...outside },
    ended: (grantId) => revoked(grantId),
  });
  // Without an authorization server of its own a bridge still has what people connected while it had one.
  const grants = oauth?.grants ?? storedGrants(stores, { clock, log, ended: (id) => revoked(id) });
  const tokens = oauth?.tokens;
  const authenticator = createAuthenticator({ keys: stores.keys, clock, owners, tokens });
  const tagKeys = createTagKeys(secret, (org, id) => stores.actions.get(org, id));

  const context: { actions?: ActionContext; others?: Agents } = {};
  const actions = () => context.actions as ActionContext;
  const others = () => context.others as Agents;
  const replica = newId('rep');
  const { agents, audit, counters, keys, places } = stores;
  const hits = measured.hits(stores.hits);
  const handlers = agentHandlers({
    authenticateAgent: guardBearers(authenticator.authenticateAgent, clock),
    ...{ actions, places, hits, agents, audit, policies, pauses, turnedAway, log, tagKeys, replica },
    post: () => others().post,
  });
  const addressOf = addressTold(config.trustedProxies, { clock, log });
  const key = createBridgeKey(storage.secrets);
  const hub = createHub({
    clock,
    log,
    key,
    addressOf,
    handlers: measured.handlers(handlers),
    telemetry,
    upgrade,
  });
  const tellAgents = async () => {
    const using = await Promise.all(hub.keysInUse().map((id) => keys.find(id)));
    for (const org of new Set(using.flatMap((used) => used?.org ?? []))) hub.setPolicy(org);
  };
  const pausesChanged = async () => {
    for (const org of await pauses.refresh()) hub.setPolicy(org);
  };
  const revokedHere = (name: string) => {
    hub.revokeKey(name);
    leases.revoked(name);
  };
  const revoked = (name: string) => {
    revokedHere(name);
    others().post.sendAll({ note: 'revoked', name });
  };
  const waker = measured.waker(
    createWaker(clock, (listeners, action) => others().post.send(listeners, { note: 'woke', action })),
  );
  const leases = createLeases({ keys: ownedKeys(keys, owners), clock, tokens });
  const cancellations = new Cancellations((request) => others().post.sendAll({ note: 'gave-up', request }));
  context.others = await joinOthers({
    ...{ replica, config, storage, hub, handlers, waker, inForce, pausesChanged, clock, log },
    ...{ revoked: revokedHere, gaveUp: (request) => cancellations.stop(request) },
  });
  const { membership } = context.others;
  const instructions = measured.instructions(context.others.instructions);
  context.actions = { store: stores.actions, hub: instructions, replica, waker, pauses, clock, log };

  const services: Services = {
    actions: context.actions,
    hits,
    counters,
    policies,
    connected: context.others.connected,
    between: context.others.between,
    agents: context.others.known,
    ready: () => readiness({ storage, membership, inForce }),
    clock,
    version,
  };
  const refusedCalls = createRefusedCalls({ counters, audit, clock, log });
  const desk: KeyDesk = {
    ...{ keys, owners, counters, audit, clock, log, revoked },
    countRefused: (by, code) => refusedCalls.count(by, policies().roles[by.role]?.quotas.refusedCallsPerHour ?? 1, code),
  };
  const bridge: Bridge = {
    config,
    log,
    telemetry,
    addressOf,
    authenticate: (bearer, address) =>
      authenticator.authenticate(bearer, address).catch((problem: unknown) => {
        if (problem instanceof KeyRefused) turnedAway({ event: 'caller_refused', address, ...keyFacts(problem) });
        else if (problem instanceof Refusal && refusals[problem.code].status === 401)
          turnedAway({ event: 'caller_refused', reason: problem.code, address });
        throw problem;
      }),
    registry,
    services,
    shaper: measured.shaper(createShaper(clock)),
    largeAnswers: new Lines(largeAnswers),
    refusedCalls,
    leases,
    desk,
    audit,
    tagKeys,
    oauth,
    grants,
    cancellations,
  };

  const checkpointer = createCheckpointer({
    ...{ seal: storage.seal, ledger: audit, sinks: config.auditCheckpoints, clock, log },
  });
  return {
    bridge,
    hub,
    key,
    signIn,
    inForce,
    others: others(),
    pausesChanged,
    checkpointer,
    keepHouse: () =>
      housekeeping({
        ...{ actions: actions(), hub, agentsHere: others().here, stores, config, pausesChanged, checkpointer },
        concurrentPerAgent: () => policies().shared.concurrentActionsPerAgent,
        recheck: identity.mode === 'company' ? signIn?.accounts.recheck : undefined,
      }),
    async leave() {
      await refusedCalls.close();
      await checkpointer.close();
      await others().leave();
    },
  };
}
