import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionContext } from './actions/context.ts';
import { createWaker } from './actions/waker.ts';
import { agentHandlers, toRecord } from './agents.ts';
import { createApp } from './app.ts';
import { createTurnedAway } from './audit/turned-away.ts';
import { loadPolicies } from './authorization/load.ts';
import type { Bridge } from './bridge.ts';
import type { Config } from './config.ts';
import { serveControl } from './control.ts';
import { housekeeping } from './housekeeping.ts';
import { createHttpServer } from './http/server.ts';
import { createHub } from './hub/hub.ts';
import { type Authenticator, createAuthenticator } from './identity/authenticate.ts';
import { type SeededKeys, seedKeys } from './identity/issue.ts';
import type { KeyStore } from './identity/keys.ts';
import { createLeases } from './identity/lease.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { Refusal, refusals } from './lib/refusal.ts';
import { spineOf } from './mcp/spine.ts';
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
  /** Only when this start seeded an empty store. */
  seeded: SeededKeys | undefined;
  keys: KeyStore;
  /** Ends gracefully: no new calls, waits answered, agents told, storage closed. */
  close(): Promise<void>;
}

/** Configuration in, everything together, server up. Refuses with the setting, file or line at fault. */
export async function start(config: Config, { clock, log }: { clock: Clock; log: Log }): Promise<RunningBridge> {
  const registry = createRegistry(allTools);
  const policies = await loadPolicies(config.policiesDirectory, { tools: registry.names });
  const storage = await openStorage(config, { clock, log });
  try {
    const { stores } = storage;
    const secret = await storage.secret('redaction-tags');
    await stores.agents.disconnectAll();
    const seeded = await seedKeys(stores.keys, clock);
    const pauses = await openPauses(stores.pauses);
    const turnedAway = createTurnedAway({ audit: stores.audit, clock, log });
    const authenticator = onlyWhileOurs(storage, createAuthenticator({ keys: stores.keys, clock }));
    const tagKeys = createTagKeys(secret, (org, id) => stores.actions.get(org, id));

    const context: { actions?: ActionContext } = {};
    const actions = () => context.actions as ActionContext;
    const { agents, hits, audit, counters, keys } = stores;
    const hub = createHub({
      clock,
      log,
      handlers: agentHandlers({
        ...{ authenticator, actions, hits, agents, audit, policies: () => policies, pauses, turnedAway, log, tagKeys },
      }),
    });
    context.actions = { store: stores.actions, hub, waker: createWaker(clock), pauses, clock, log };
    const pausesChanged = async () => {
      for (const org of await pauses.refresh()) hub.setPolicy(org);
    };

    const services: Services = {
      actions: context.actions,
      hits,
      counters,
      policies: () => policies,
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
        return { ok: database && onlyBridge, checks: { database, onlyBridge } };
      },
      clock,
      version,
    };
    const bridge: Bridge = {
      config,
      log,
      authenticate: (bearer, address) =>
        authenticator.authenticate(bearer, address).catch((problem: unknown) => {
          if (problem instanceof Refusal && refusals[problem.code].status === 401)
            turnedAway({ event: 'caller_refused', reason: problem.code, address });
          throw problem;
        }),
      registry,
      services,
      shaper: createShaper(clock),
      refusedCalls: createRefusedCalls({ counters, audit, clock, log }),
      leases: createLeases({ keys, clock }),
      audit,
      tagKeys,
    };

    const app = createApp(bridge, spineOf(bridge));
    const server = createHttpServer(app.koa.callback(), (request, socket, head) => hub.handleUpgrade(request, socket, head));
    server.keepAliveTimeout = keepAliveMs;
    const revoked = (id: string) => {
      hub.revokeKey(id);
      bridge.leases.revoked(id);
    };
    const running = { revoked, pausesChanged };
    const carryOut = orders({ keys, agents, pauses: stores.pauses, audit, clock, running });
    const control = await serveControl(config.dataDirectory, carryOut, log);
    const url = await listen(server, config).catch(async (problem: unknown) => {
      await control.close();
      await hub.close();
      throw problem;
    });
    const stopKeeping = housekeeping({ actions: context.actions, stores, config, pausesChanged });

    return {
      bridge,
      url,
      mcpUrl: new URL('/mcp', url).href,
      agentUrl: new URL('/agent', url).href.replace(/^http/, 'ws'),
      seeded,
      keys,
      async close() {
        stopKeeping();
        await control.close();
        const closed = new Promise<void>((done) => server.close(() => done()));
        await app.close(config.drainSeconds * 1000);
        await hub.drain();
        await hub.close();
        server.closeAllConnections();
        await closed;
        await bridge.refusedCalls.close();
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

async function listen(server: Server, { host, port, publicUrl }: Config): Promise<URL> {
  server.listen(port, host);
  await once(server, 'listening').catch((problem: NodeJS.ErrnoException) => {
    throw cannotListen(problem, host, port);
  });
  const { port: bound } = server.address() as AddressInfo;
  return publicUrl ?? new URL(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
}

/** What an operator can mend is a refusal; the rest stays the error it is. */
function cannotListen(problem: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use already',
    EACCES: 'needs more rights than this user has',
    EADDRNOTAVAIL: 'is not an address of this machine',
  };
  const reason = reasons[problem.code ?? ''];
  if (reason === undefined) return problem;
  return new Refusal({
    code: 'unavailable',
    message: `The bridge cannot listen: port ${port} on ${host} ${reason}.`,
    field: 'port',
    next: 'Set another --port or --host, or stop what listens there.',
  });
}
