import { load } from './load.ts';
import { type Service, type ServiceOptions, startService, stopService, type Usage, usage } from './service.ts';
import type { State } from './states.ts';
import { type Placed, Refused, type Watcher } from './watcher.ts';

/** How a run is made. */
export interface Run {
  /** Services in each state, each with a twin of its own. */
  couples: number;
  connections: number;
  burstMs: number;
  rounds: number;
  service: Pick<ServiceOptions, 'heapMb' | 'node' | 'isPinned'>;
}

/** After so many the service has got as fast as it gets. */
const warmRequests = 20_000;

/** A service in its state, ready for load. */
export interface Loaded {
  state: State;
  service: Service;
  watcher?: Watcher;
  placed?: Placed;
  /** When the probe was placed. */
  since: Usage;
}

/** Starts the service, warms it up and brings it into its state; or says why that is refused. */
export async function bring(
  state: State,
  { service: options, connections, burstMs }: Run,
): Promise<Loaded | { refused: string }> {
  process.stderr.write(`\r\x1b[K${state.name}`);
  const watcher = state.watcher?.();
  let service: Service | undefined;
  try {
    service = await startService({ ...options, ...(await watcher?.launch()) });
    await watcher?.ready(service);
    // A probe comes to a program that has run for a while.
    let callsPerSecond = 0;
    for (let requests = 0; requests < warmRequests; ) {
      const warm = await load(service, connections, burstMs);
      requests += warm.requests;
      callsPerSecond = warm.requestsPerSecond;
    }
    const placed = state.probe && (await watcher?.place(service, { callsPerSecond, ...state.probe }));
    if (state.isRemoved) await placed?.remove();
    const since = await usage(service);
    return { state, service, since, ...(watcher && { watcher }), ...(placed && !state.isRemoved && { placed }) };
  } catch (error) {
    if (service !== undefined) await stopService(service);
    await watcher?.close();
    if (error instanceof Refused) return { refused: error.message };
    throw new Error(`${state.name}: ${(error as Error).message}`, { cause: error });
  }
}

export async function end({ service, watcher, placed }: Loaded): Promise<void> {
  placed?.forget?.();
  await stopService(service);
  await watcher?.close();
}
