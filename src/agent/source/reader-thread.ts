import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { monotonicMs } from '../language.ts';
import { attempt, later } from '../later.ts';
import type { Denied } from './denied.ts';
import type { ReaderSources, Stop } from './reader.ts';
import {
  type Change,
  type FromReader,
  type Range,
  type ReaderData,
  type Request,
  type Task,
  toProgram,
  toReader,
} from './reader-messages.ts';

/** How often a thread is looked after, how many times in a row it may owe an answer then, and how many times nothing may be asked of it. */
const lookMs = 10_000;
const maxOwing = 2;
const maxIdle = 3;
/** Heap of the thread: texts, analyses and maps. */
const threadHeapMb = 256;
/** Made without `URL`, which the program may have put something else in the place of; so is `Promise`. */
const workerFile = join(dirname(fileURLToPath(import.meta.url)), 'reader-worker.js');
export const NativePromise = (async () => undefined)().constructor as PromiseConstructor;
const { add: atomicAdd, load: atomicLoad, notify: atomicNotify, wait: atomicWait } = Atomics;

interface Thread {
  worker: Worker;
  port: MessagePort;
  signals: Int32Array;
}

/** A request without an answer yet. */
interface Waiting {
  /** Undefined when there will be none. */
  give(result: unknown): void;
  looks: number;
}

/** The reader's thread as the program's thread sees it: started when it is needed, ended when it is not, and replaced when it died. */
export class ReaderThread {
  readonly #sources: ReaderSources;
  readonly #onCost: (ms: number) => void;
  readonly #denied: Denied;
  /** What a new thread is told. */
  readonly #everything: () => Change[];
  /** What the thread has not been told yet. */
  #changes: Change[] = [];
  #thread: Thread | undefined;
  #lastId = 0;
  #waiting = noWaiting();
  #idle = 0;

  constructor(sources: ReaderSources, onCost: (ms: number) => void, denied: Denied, everything: () => Change[]) {
    this.#sources = sources;
    this.#onCost = onCost;
    this.#denied = denied;
    this.#everything = everything;
  }

  /** Tells a script there is, with the next request. */
  tell(change: Change): void {
    if (this.#thread !== undefined) this.#changes[this.#changes.length] = change;
  }

  /** Tells everything anew, with the next request. */
  tellEverything(): void {
    if (this.#thread !== undefined) this.#changes = this.#everything();
  }

  /** Gives `otherwise` when the thread dies or takes too long. */
  ask<Result>(task: Task, otherwise: Result): Promise<Result> {
    return new NativePromise((resolve) => {
      this.#post(task, (result) => resolve((result as Result | undefined) ?? otherwise));
    });
  }

  /** Waits for the answer. Undefined when there is none in time. */
  askNow<Result>(task: Task, maxMs: number): Result | undefined {
    const untilMs = monotonicMs() + maxMs;
    let result: Result | undefined;
    let isOver = false;
    const id = this.#post(task, (given) => {
      result = given as Result | undefined;
      isOver = true;
    });
    const thread = this.#thread;
    while (thread !== undefined && !isOver) {
      const seen = atomicLoad(thread.signals, toProgram);
      const received = receiveMessageOnPort(thread.port);
      const leftMs = untilMs - monotonicMs();
      if (received !== undefined) attempt(() => this.#take(thread, received.message as FromReader));
      else if (leftMs <= 0 || atomicWait(thread.signals, toProgram, seen, leftMs) === 'timed-out') break;
    }
    delete this.#waiting[id];
    return result;
  }

  close(): void {
    const thread = this.#thread;
    this.#lose();
    if (thread === undefined) return;
    attempt(() => {
      thread.port.close();
      thread.worker.postMessage({ id: 0, changes: [] } satisfies Request);
    });
  }

  #post(task: Task, give: Waiting['give']): number {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting[id] = { give, looks: 0 };
    try {
      const { worker } = this.#thread ?? this.#start();
      const changes = this.#changes;
      this.#changes = [];
      this.#idle = 0;
      worker.postMessage({ id, changes, task } satisfies Request);
    } catch {
      this.#end();
    }
    return id;
  }

  #start(): Thread {
    const { port1: port, port2 } = new MessageChannel();
    const signals = new Int32Array(new SharedArrayBuffer(8));
    const worker = new Worker(workerFile, {
      name: 'sidelight-reader',
      workerData: { port: port2, signals, denied: this.#denied } satisfies ReaderData,
      transferList: [port2],
      // As for the link's thread: nothing of the program's own options, and none of its streams.
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: threadHeapMb },
    });
    const thread = { worker, port, signals };
    const ignore = (): void => undefined;
    worker.on('error', ignore);
    worker.on('messageerror', ignore);
    worker.on('exit', () => attempt(() => this.#thread === thread && this.#lose()));
    port.on('message', (message: FromReader) => attempt(() => this.#take(thread, message)));
    worker.unref();
    port.unref();
    this.#thread = thread;
    this.#changes = this.#everything();
    this.#lookAfter(thread);
    return thread;
  }

  #take(thread: Thread, message: FromReader): void {
    if ('ask' in message) {
      this.#answer(thread, message);
      return;
    }
    const waiting = this.#waiting[message.id];
    delete this.#waiting[message.id];
    waiting?.give(message.result);
  }

  #answer({ port, signals }: Thread, { ask, script, ranges }: Extract<FromReader, { ask: number }>): void {
    const startMs = monotonicMs();
    let answer: string | Stop[][] | undefined;
    try {
      if (ranges === undefined) {
        answer = this.#sources.text(script);
      } else {
        const lists: Stop[][] = [];
        for (let index = 0; index < ranges.length; index += 1) {
          const range = ranges[index] as Range;
          lists[index] = this.#sources.stops(script, range[0], range[1]);
        }
        answer = lists;
      }
    } catch {
      // The reader goes on without.
    }
    port.postMessage({ ask, answer });
    atomicAdd(signals, toReader, 1);
    atomicNotify(signals, toReader);
    this.#onCost(monotonicMs() - startMs);
  }

  /** Ends a thread that does not answer, or that nobody needs. It counts its own looks, as the program may be busy for long. */
  #lookAfter(thread: Thread): void {
    later(() => {
      if (this.#thread !== thread) return;
      let most = -1;
      for (const id in this.#waiting) {
        const waiting = this.#waiting[id] as Waiting;
        waiting.looks += 1;
        if (waiting.looks > most) most = waiting.looks;
      }
      this.#idle = most < 0 ? this.#idle + 1 : 0;
      if (most > maxOwing) this.#end();
      else if (this.#idle >= maxIdle) this.close();
      else this.#lookAfter(thread);
    }, lookMs);
  }

  /** Ends the thread whatever it does. */
  #end(): void {
    const worker = this.#thread?.worker;
    this.#lose();
    attempt(() => {
      void worker?.terminate();
      // `terminate` makes it keep the process.
      worker?.unref();
    });
  }

  #lose(): void {
    this.#thread = undefined;
    const waiting = this.#waiting;
    this.#waiting = noWaiting();
    for (const id in waiting) waiting[id]?.give(undefined);
  }
}

/** By number of the request; without the program's prototypes. */
function noWaiting(): Record<number, Waiting> {
  return { __proto__: null } as unknown as Record<number, Waiting>;
}
