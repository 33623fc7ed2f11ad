import type { RequestListener } from 'node:http';
import type { ActionContext } from './actions/context.ts';
import { createWaker } from './actions/waker.ts';
import { agentHandlers, toRecord } from './agents.ts';
import { createApp } from './app.ts';
import { recordLoaded, recordPoliciesRefused, recordReloaded, recordSeeded } from './audit/beginning.ts';
import { createCheckpointer } from './audit/checkpointer.ts';
import { createTurnedAway } from './audit/turned-away.ts';
import { keepInForce, type PoliciesInForce, readPolicies } from './authorization/in-force.ts';
import { watchDirectory } from './authorization/watch.ts';
import type { Bridge } from './bridge.ts';
import type { Config } from './config.ts';
import { serveControl } from './control.ts';
import { housekeeping } from './housekeeping.ts';
import { listen } from './http/listen.ts';
import { createHttpServer } from './http/server.ts';
import { createHub } from './hub/hub.ts';
import { createBridgeKey } from './hub/signing.ts';
import { KeyRefused, keyFacts } from './identity/admit-key.ts';
import { type Authenticator, createAuthenticator } from './identity/authenticate.ts';
import { addressBehind } from './identity/caller-address.ts';
import { type SeededKeys, seedKeys } from './identity/issue.ts';
import type { KeyStore } from './identity/keys.ts';
import { createLeases } from './identity/lease.ts';
import { createOwners, ownedKeys } from './identity/owner.ts';
import { standingUnder } from './identity/standing.ts';
import type { KeyDesk } from './keys.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { Refusal, refusals } from './lib/refusal.ts';
import { spineOf } from './mcp/spine.ts';
import { storedGrants } from './oauth/grants.ts';
import { openOAuth, type SignIn } from './oauth/open.ts';
import type { FetchAbout } from './oauth/server.ts';
import { noteSignIns } from './oauth/sign-in/audit-events.ts';
import { openSignIn } from './oauth/sign-in/routes.ts';
import { orders } from './orders.ts';
import { createRefusedCalls } from './quota/refused.ts';
import { createShaper } from './quota/shape.ts';
import { createTagKeys } from './redaction/tag-keys.ts';
import { openStorage, type Storage } from './storage/open.ts';
import { openPauses } from './targets/pause.ts';
import { allTools } from './tools/all.ts';
import { createRegistry } from './tools/registry.ts';
import type { Services } from './tools/tool.ts';
import { version } from './version.ts';

/** How long an agent that went away is still known. */
const rememberedMs = 3_600_000;
/** Proxies keep connections for up to a minute; ours must outlive theirs. */
const keepAliveMs = 75_000;

/** A bridge that runs. */
export interface RunningBridge {
  bridge: Bridge;
  /** Where it can be reached: the public URL, or the address it listens on. */
  url: URL;
  mcpUrl: string;
  agentUrl: string;
  /** What agents know the bridge by: `SIDELIGHT_BRIDGE_KEY`. */
  bridgeKey: string;
  /** Only when this start seeded an empty store. */
  seeded: SeededKeys | undefined;
  /** Makes a link that signs one browser of this machine in; absent where people sign in at their company, or not at all. */
  signInLink?(): Promise<string>;
  keys: KeyStore;
  policies: PoliciesInForce;
  /** Ends gracefully: no new calls, waits answered, agents told, storage closed. */
  close(): Promise<void>;
}

/** What comes in by the door. */
interface Surroundings {
  clock: Clock;
  log: Log;
  /** How people sign in; the default is what identity.yaml says. */
  signIn?: SignIn;
  /** How documents about clients are fetched. */
  fetch?: FetchAbout;
}

/** Configuration in, everything together, server up. Refuses with the setting, file or line at fault. */
export async function start(config: Config, { clock, log, ...outside }: Surroundings): Promise<RunningBridge> {
  const registry = createRegistry(allTools);
  const loaded = await readPolicies(config.policiesDirectory, { tools: registry.names });
  const storage = await openStorage(config, { clock, log });
  try {
    const { stores } = storage;
    const secret = storage.secrets.derive('redaction-tags');
    await stores.agents.disconnectAll();
    await recordLoaded(stores.audit, clock, loaded.policies.hash);
    const seeded = await seedKeys(stores.keys, clock);
    await recordSeeded(stores.audit, clock, seeded);
    const pauses = await openPauses(stores.pauses);
    const turnedAway = createTurnedAway({ audit: stores.audit, clock, log });
    const inForce = keepInForce(loaded, clock, log, {
      record: (policyHash, before, trigger, changed) =>
        recordReloaded(stores.audit, clock, { policyHash, before, trigger, changed }),
      recordRefused: (policyHash, trigger, mistakes) =>
        recordPoliciesRefused(stores.audit, clock, { policyHash, trigger, mistakes }),
      took: async () => tellAgents(),
    });
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
      ended: (grantId) => leases.revoked(grantId),
    });
    // Without an authorization server of its own a bridge still has what people connected while it had one.
    const grants = oauth?.grants ?? storedGrants(stores, { clock, log });
    const tokens = oauth?.tokens;
    const authenticator = onlyWhileOurs(storage, createAuthenticator({ keys: stores.keys, clock, owners, tokens }));
    const tagKeys = createTagKeys(secret, (org, id) => stores.actions.get(org, id));

    const context: { actions?: ActionContext } = {};
    const actions = () => context.actions as ActionContext;
    const { agents, hits, audit, counters, keys } = stores;
    const key = createBridgeKey(storage.secrets);
    const hub = createHub({
      clock,
      log,
      key,
      addressOf: addressBehind(config.trustedProxies),
      handlers: agentHandlers({
        ...{ authenticator, actions, hits, agents, audit, policies, pauses, turnedAway, log, tagKeys },
      }),
    });
    context.actions = { store: stores.actions, hub, waker: createWaker(clock), pauses, clock, log };
    const tellAgents = async () => {
      const using = await Promise.all(hub.keysInUse().map((id) => keys.find(id)));
      for (const org of new Set(using.flatMap((used) => used?.org ?? []))) hub.setPolicy(org);
    };
    const pausesChanged = async () => {
      for (const org of await pauses.refresh()) hub.setPolicy(org);
    };

    const services: Services = {
      actions: context.actions,
      hits,
      counters,
      policies,
      connected: (org) => hub.agents(org).map((agent) => toRecord(agent, true)),
      async agents(org) {
        const here = new Map(hub.agents(org).map((agent) => [agent.id, agent.lastSeenAt]));
        const known = await agents.list(org, clock.now() - rememberedMs);
        return known.map((agent) => {
          const seenAt = here.get(agent.id);
          return { ...agent, connected: seenAt !== undefined, lastSeenAt: seenAt ?? agent.lastSeenAt };
        });
      },
      ready: async () => {
        const database = await storage.answers();
        const onlyBridge = storage.isOurs();
        return { ok: database && onlyBridge, checks: { database, onlyBridge, policies: inForce.status().refused === undefined } };
      },
      clock,
      version,
    };
    const leases = createLeases({ keys: ownedKeys(keys, owners), clock, tokens });
    const revoked = (id: string) => {
      hub.revokeKey(id);
      leases.revoked(id);
    };
    const refusedCalls = createRefusedCalls({ counters, audit, clock, log });
    const desk: KeyDesk = {
      ...{ keys, owners, counters, audit, clock, log, revoked },
      countRefused: (by, code) => refusedCalls.count(by, policies().roles[by.role]?.quotas.refusedCallsPerHour ?? 1, code),
    };
    const bridge: Bridge = {
      config,
      log,
      authenticate: (bearer, address) =>
        authenticator.authenticate(bearer, address).catch((problem: unknown) => {
          if (problem instanceof KeyRefused) turnedAway({ event: 'caller_refused', address, ...keyFacts(problem) });
          else if (problem instanceof Refusal && refusals[problem.code].status === 401)
            turnedAway({ event: 'caller_refused', reason: problem.code, address });
          throw problem;
        }),
      registry,
      services,
      shaper: createShaper(clock),
      refusedCalls,
      leases,
      desk,
      audit,
      tagKeys,
      oauth,
      grants,
    };

    const answer: { by?: RequestListener } = {};
    const server = createHttpServer(
      (request, response) => answer.by?.(request, response),
      (request, socket, head) => hub.handleUpgrade(request, socket, head),
    );
    server.keepAliveTimeout = keepAliveMs;
    const local = oauth && signIn?.local;
    const running = { pausesChanged, local, policies: inForce };
    const carryOut = orders({
      desk,
      people: stores.people,
      grants,
      agents,
      pauses: stores.pauses,
      audit,
      seal: storage.seal,
      clock,
      log,
      bridgeKey: key.publicKey,
      running,
    });
    const control = await serveControl(config.dataDirectory, carryOut, log);
    const url = await listen(server, config).catch(async (problem: unknown) => {
      await control.close();
      await hub.close();
      throw problem;
    });
    // What people and their clients are told names the port, so this comes now; no request is read before this turn ends.
    const app = createApp(bridge, spineOf(bridge), url);
    answer.by = app.koa.callback();
    const checkpointer = createCheckpointer({
      ...{ seal: storage.seal, ledger: audit, sinks: config.auditCheckpoints, clock, log },
    });
    const stopKeeping = housekeeping({
      ...{ actions: context.actions, stores, config, pausesChanged, checkpointer },
      recheck: identity.mode === 'company' ? signIn?.accounts.recheck : undefined,
    });

    const stopWatching = config.noWatchPolicies
      ? () => undefined
      : watchDirectory(config.policiesDirectory, () => inForce.look(), clock);

    return {
      bridge,
      url,
      mcpUrl: new URL('/mcp', url).href,
      agentUrl: new URL('/agent', url).href.replace(/^http/, 'ws'),
      bridgeKey: key.publicKey,
      seeded,
      ...(local === undefined ? {} : { signInLink: () => local.link() }),
      keys,
      policies: inForce,
      async close() {
        stopWatching();
        stopKeeping();
        await control.close();
        const closed = new Promise<void>((done) => server.close(() => done()));
        await app.close(config.drainSeconds * 1000);
        await hub.drain();
        await hub.close();
        server.closeAllConnections();
        await closed;
        await bridge.refusedCalls.close();
        await checkpointer.close();
        await storage.close();
      },
    };
  } catch (problem) {
    await storage.close();
    throw problem;
  }
}

/** A bridge that another one may have replaced lets nobody in, neither callers nor agents. */
function onlyWhileOurs(storage: Storage, { authenticate, authenticateAgent }: Authenticator): Authenticator {
  const check = () => {
    if (storage.isOurs()) return;
    throw new Refusal({
      code: 'unavailable',
      message: 'The bridge has lost its hold of the database and cannot be sure that no other bridge is on it.',
      next: 'Try again in a few seconds; if it stays so, look at the log of the bridge.',
    });
  };
  return {
    async authenticate(bearer, from) {
      check();
      return authenticate(bearer, from);
    },
    async authenticateAgent(bearer, from) {
      check();
      return authenticateAgent(bearer, from);
    },
  };
}
