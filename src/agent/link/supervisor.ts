import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { limits } from '../../protocol/limits.ts';
import type { AgentConfig } from '../config.ts';
import { atomicLoad, atomicStore, min, startTimer, stopTimer } from '../intrinsics.ts';
import { attempt, later } from '../later.ts';
import type { LoadTime } from '../load-time/load-time.ts';
import type { AgentLog } from '../log.ts';
import type { ProcessFacts } from './hello.ts';
import { createGauges, gauge, type LinkData, type ToMain, type ToWorker } from './link-messages.ts';
import { ProbeHost } from './probe-host.ts';
import { maxQueuedBytes } from './queue.ts';

/** Waits before a worker that died is started again, doubled each time. */
const restartMs = { first: 1_000, last: 5 * 60_000 } as const;

/** Time for saying bye before the worker is ended without. */
const stopMs = 3_000;

/** Heap of the worker: the queue, one frame in each direction, and Node itself. */
const workerHeapMb = 64;

/** Made when the agent is loaded: the program may put another `URL` into its place. */
const workerFile = new URL('./link-worker.js', import.meta.url);

/** The main thread's end: starts the worker that holds the link, listens to it, and starts it again when it dies. */
export class Supervisor {
  readonly #config: AgentConfig;
  readonly #facts: ProcessFacts;
  readonly #log: AgentLog;
  readonly #gauges = createGauges();
  readonly #host: ProbeHost;
  #worker: Worker | undefined;
  #session: string | undefined;
  /** Outlives the worker, so that the bridge knows this process again, and this process its bridge. */
  readonly #seed: Uint8Array = randomBytes(32);
  #bridgeKey: string | undefined;
  /** Messages handed to workers since the start. */
  #posted = 0;
  #deaths = 0;
  #stopped = false;

  constructor(config: AgentConfig, facts: ProcessFacts, log: AgentLog, loadTime: LoadTime | undefined) {
    this.#config = config;
    this.#bridgeKey = config.bridgeKey;
    this.#facts = facts;
    this.#log = log;
    this.#host = new ProbeHost({
      silence: this.#gauges,
      engines: config.engines,
      loadTime,
      denied: { patterns: config.denyFiles, directory: facts.directory },
      send: (message) => this.#send(message),
      mayQueue: () => this.#mayQueue(),
      log,
    });
  }

  start(): void {
    if (this.#stopped) return;
    const data: LinkData = {
      config: this.#config,
      facts: this.#facts,
      gauges: this.#gauges.buffer as SharedArrayBuffer,
      seed: this.#seed,
      ...(this.#session === undefined ? {} : { session: this.#session }),
      ...(this.#bridgeKey === undefined ? {} : { bridgeKey: this.#bridgeKey }),
    };
    try {
      const worker = new Worker(workerFile, {
        name: 'sidelight',
        workerData: data,
        // Without these the worker would run the program's own --import and --require, and so start us again.
        execArgv: [],
        env: {},
        // Else the constructor opens the program's stdout and stderr before the program does.
        stdout: true,
        stderr: true,
        resourceLimits: { maxOldGenerationSizeMb: workerHeapMb },
      });
      this.#worker = worker;
      worker.on('message', (message: ToMain) => {
        if (message.kind === 'welcome') this.#remember(message);
        attempt(() => this.#host.handle(message));
      });
      worker.on('error', (error) => attempt(() => this.#log.debug(`link failed: ${error.message}`)));
      worker.on('messageerror', () => undefined);
      worker.on('exit', () => attempt(() => this.#died()));
      worker.unref();
    } catch (error) {
      this.#log.warn(`not started: ${(error as { message?: unknown }).message}`);
    }
  }

  /** Removes every probe, says bye, and ends the worker. Whoever awaits this wants the process kept for so long. */
  async stop(keepsProcess: boolean): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#host.close();
    const worker = this.#worker;
    if (worker === undefined) return;
    if (keepsProcess) worker.ref();
    await new Promise<void>((resolve) => {
      const end = startTimer(() => void worker.terminate(), stopMs);
      if (!keepsProcess) end.unref();
      worker.once('exit', () => {
        stopTimer(end);
        resolve();
      });
      worker.postMessage({ t: 'stop' } satisfies ToWorker);
    });
  }

  #remember({ session, bridgeKey }: Extract<ToMain, { kind: 'welcome' }>): void {
    this.#session = session;
    this.#bridgeKey = bridgeKey;
  }

  #died(): void {
    this.#worker = undefined;
    if (this.#stopped) return;
    atomicStore(this.#gauges, gauge.silence, 1);
    this.#host.handle({ kind: 'suspend', reason: 'the link to the bridge failed' });
    // What the dead worker held or had not taken is gone.
    this.#posted = atomicLoad(this.#gauges, gauge.taken);
    const wait = min(restartMs.last, restartMs.first * 2 ** min(this.#deaths, 10));
    this.#deaths += 1;
    this.#log.debug(`link ended; starting it again in ${wait} ms`);
    later(() => this.start(), wait);
  }

  #send(message: ToWorker): void {
    if (this.#worker === undefined) return;
    try {
      this.#worker.postMessage(message);
      if (message.t === 'state' || message.t === 'hit') this.#posted += 1;
    } catch (error) {
      this.#log.debug(`a ${message.t} could not be handed over: ${String(error)}`);
    }
  }

  #mayQueue(): boolean {
    const onTheWay = this.#posted - atomicLoad(this.#gauges, gauge.taken);
    const frames = onTheWay + atomicLoad(this.#gauges, gauge.held);
    return (
      this.#worker !== undefined && frames < limits.maxUnackedFrames && atomicLoad(this.#gauges, gauge.heldBytes) < maxQueuedBytes
    );
  }
}
