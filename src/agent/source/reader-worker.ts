import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { createVeto } from './denied.ts';
import { Library, type Program } from './library.ts';
import { locate } from './locate.ts';
import { mapFrames } from './map-frames.ts';
import {
  type FromReader,
  type ReaderData,
  type Request,
  type Task,
  type ToReader,
  toProgram,
  toReader,
} from './reader-messages.ts';
import { search } from './search-scripts.ts';

// The thread that reads sources and source maps, so that the program's thread need not.

/** Longest time the program's thread may take for an answer; it may be busy with something long. */
const maxAnswerMs = 20_000;

const { port, signals, denied } = workerData as ReaderData;
let asked = 0;

function tell(message: FromReader): void {
  port.postMessage(message);
  Atomics.add(signals, toProgram, 1);
  Atomics.notify(signals, toProgram);
}

/** Asks the program's thread and waits for its answer: nothing else can be done meanwhile. */
function ask(question: Omit<Extract<FromReader, { ask: number }>, 'ask'>): ToReader['answer'] {
  asked += 1;
  tell({ ask: asked, ...question });
  for (;;) {
    const seen = Atomics.load(signals, toReader);
    const received = receiveMessageOnPort(port)?.message as ToReader | undefined;
    if (received?.ask === asked) return received.answer;
    if (received === undefined && Atomics.wait(signals, toReader, seen, maxAnswerMs) === 'timed-out') return undefined;
  }
}

const program: Program = {
  text: (script) => ask({ script }) as string | undefined,
  stops: (script, ranges) => (ask({ script, ranges }) ?? ranges.map(() => [])) as ReturnType<Program['stops']>,
};
const library = new Library(program, createVeto(denied));

/** What takes long goes on in steps, so that it holds up nothing that is short. A defect is answered by nothing. */
function* work(task: Task) {
  if (task.kind === 'locate') return locate(task, library);
  return task.kind === 'map' ? yield* mapFrames(task.frames, library) : yield* search(task.query, library);
}

function advance(id: number, steps: ReturnType<typeof work>): void {
  try {
    const { done, value } = steps.next();
    if (done === true) tell({ id, result: value });
    else setImmediate(() => advance(id, steps));
  } catch {
    tell({ id, result: undefined });
  }
}

parentPort?.on('message', ({ id, changes, task }: Request) => {
  library.change(changes);
  // Ends this thread, not the program.
  if (task === undefined) process.exit();
  else advance(id, work(task));
});
