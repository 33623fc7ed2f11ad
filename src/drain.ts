import type { Server } from 'node:http';
import type { App } from './app.ts';
import type { Config } from './config.ts';
import type { AgentServer } from './hub/hub.ts';
import type { Clock } from './lib/clock.ts';

/** What goes down together. */
interface GoingDown {
  app: Pick<App, 'leave' | 'close'>;
  server: Server;
  hub: Pick<AgentServer, 'drain' | 'close'>;
  config: Pick<Config, 'drainSeconds' | 'drainDelaySeconds'>;
  clock: Clock;
  /** Ends what comes round by itself; nothing new is begun after it. */
  stopTurns(): Promise<void>;
}

/**
 * Takes the bridge out of the world, in an order in which nobody is cut off: `/readyz` says no while everybody is still served; then
 * calls under way are answered with what there is; then agents are sent to another bridge, which has their actions.
 */
export async function drain({ app, server, hub, config, clock, stopTurns }: GoingDown): Promise<void> {
  app.leave();
  if (config.drainDelaySeconds > 0) await new Promise<void>((go) => clock.after(config.drainDelaySeconds * 1_000, go));
  await stopTurns();
  const closed = new Promise<void>((done) => server.close(() => done()));
  await app.close(config.drainSeconds * 1_000);
  await hub.drain();
  await hub.close();
  server.closeAllConnections();
  await closed;
}
