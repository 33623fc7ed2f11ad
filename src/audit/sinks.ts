import { open } from 'node:fs/promises';
import type { Checkpoint } from './checkpoint.ts';

/** Where checkpoints go beside the database. Resolves when it has them; throws when it does not. */
export interface Sink {
  name: string;
  deliver(checkpoint: Checkpoint): Promise<void>;
}

/** What receives checkpoints has this long to answer. */
const maxAnswerMs = 10_000;

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Every kind of sink by how its setting begins. */
const kinds: { matches(text: string): boolean; open(text: string): Sink }[] = [
  { matches: (text) => text === 'stdout', open: () => ({ name: 'stdout', deliver: toStdout }) },
  { matches: (text) => /^file:\/./.test(text), open: fileSink },
  { matches: isWebhook, open: webhook },
];

/** The sink that a word of the setting names; undefined where it names none. */
export function readSink(text: string): Sink | undefined {
  return kinds.find(({ matches }) => matches(text))?.open(text);
}

function toStdout(checkpoint: Checkpoint): Promise<void> {
  return new Promise((done, fail) => {
    process.stdout.write(line(checkpoint), (problem) => (problem ? fail(problem) : done()));
  });
}

function fileSink(text: string): Sink {
  const path = text.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
  return {
    name: `file:${path}`,
    async deliver(checkpoint) {
      const file = await open(path, 'a', 0o600);
      try {
        await file.write(line(checkpoint));
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

/** In clear only to this machine: who could change a checkpoint on its way could hide what it shows. */
function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

function webhook(text: string): Sink {
  const url = new URL(text);
  return {
    // The path may be the receiver's secret, and names are logged.
    name: url.origin,
    async deliver(checkpoint) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json' },
        body: line(checkpoint),
        signal: AbortSignal.timeout(maxAnswerMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`The receiver answered ${response.status}.`);
    },
  };
}

const line = (checkpoint: Checkpoint) => `${JSON.stringify(checkpoint)}\n`;
