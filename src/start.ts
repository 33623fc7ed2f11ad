import type { RequestListener } from 'node:http';
import { createApp } from './app.ts';
import { assemble } from './assemble.ts';
import { recordLoaded, recordSeeded } from './audit/beginning.ts';
import { type PoliciesInForce, readPolicies } from './authorization/in-force.ts';
import { watchDirectory } from './authorization/watch.ts';
import type { Bridge } from './bridge.ts';
import type { Config } from './config.ts';
import { serveControl } from './control.ts';
import { drain } from './drain.ts';
import { showGauges } from './gauges.ts';
import { boundConnections } from './http/bounded-connections.ts';
import { listen } from './http/listen.ts';
import { openNumbers } from './http/metrics.ts';
import { createHttpServer } from './http/server.ts';
import { type SeededKeys, seedKeys } from './identity/issue.ts';
import type { KeyStore } from './identity/keys.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { spineOf } from './mcp/spine.ts';
import type { SignIn } from './oauth/open.ts';
import type { FetchAbout } from './oauth/server.ts';
import { orders } from './orders.ts';
import { openStorage } from './storage/open.ts';
import { allTools } from './tools/all.ts';
import { createRegistry } from './tools/registry.ts';
import { version } from './version.ts';

/** Proxies keep connections for up to a minute; ours must outlive theirs. */
const keepAliveMs = 75_000;

/** A bridge that runs. */
export interface RunningBridge {
  bridge: Bridge;
  /** Where it can be reached: the public URL, or the address it listens on. */
  url: URL;
  /** Where the numbers can be read, where they are kept. */
  metricsUrl: URL | undefined;
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
  const numbers = await openNumbers(config, { clock, log });
  const { telemetry } = numbers;
  const storage = await openStorage(config, { clock, log, telemetry }).catch(async (problem: unknown) => {
    await numbers.close();
    throw problem;
  });
  try {
    const { stores } = storage;
    await recordLoaded(stores.audit, clock, loaded.policies.hash);
    const seeded = await seedKeys(stores.keys, clock);
    await recordSeeded(stores.audit, clock, seeded);
    const { bridge, hub, key, signIn, inForce, others, keepHouse, checkpointer, leave } = await assemble(config, {
      ...{ clock, log, telemetry, storage, loaded, registry },
      ...outside,
    });
    const answer: { by?: RequestListener } = {};
    const server = createHttpServer(
      (request, response) => answer.by?.(request, response),
      (request, socket, head) => hub.handleUpgrade(request, socket, head),
    );
    server.keepAliveTimeout = keepAliveMs;
    boundConnections(server, clock);
    const local = bridge.oauth && signIn?.local;
    const { pausesChanged, policies } = others.everywhere;
    const { membership } = others;
    const running = { membership, policies, local, copyStore: storage.copy };
    const carryOut = orders({
      desk: bridge.desk,
      people: stores.people,
      grants: bridge.grants,
      agents: stores.agents,
      pauses: stores.pauses,
      pausesChanged,
      audit: stores.audit,
      seal: storage.seal,
      clock,
      log,
      bridgeKey: key.publicKey,
      running,
    });
    const giveUp = async (problem: unknown): Promise<never> => {
      await hub.close();
      await leave();
      throw problem;
    };
    const control = await serveControl(config.dataDirectory, carryOut, log).catch(giveUp);
    const url = await listen(server, config).catch(async (problem: unknown) => {
      await control.close();
      return giveUp(problem);
    });
    // What people and their clients are told names the port, so this comes now; no request is read before this turn ends.
    const app = createApp(bridge, spineOf(bridge), url);
    answer.by = app.koa.callback();
    const stopKeeping = keepHouse();

    const stopWatching = config.noWatchPolicies
      ? () => undefined
      : watchDirectory(config.policiesDirectory, () => inForce.look(), clock);

    const { ready } = bridge.services;
    showGauges(telemetry, { ready, openCalls: app.openCalls, hub, stores, checkpointer, membership, version, clock });

    return {
      bridge,
      url,
      metricsUrl: numbers.url,
      mcpUrl: new URL('/mcp', url).href,
      agentUrl: new URL('/agent', url).href.replace(/^http/, 'ws'),
      bridgeKey: key.publicKey,
      seeded,
      ...(local === undefined ? {} : { signInLink: () => local.link() }),
      keys: stores.keys,
      policies: running.policies,
      async close() {
        const stopTurns = async () => {
          stopWatching();
          stopKeeping();
          await control.close();
        };
        await drain({ app, server, hub, config, clock, stopTurns });
        await leave();
        await numbers.close();
        await storage.close();
      },
    };
  } catch (problem) {
    await numbers.close();
    await storage.close();
    throw problem;
  }
}
