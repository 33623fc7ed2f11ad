import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type FoundSecret, findSecrets } from '../identity/found-secrets.ts';
import { Refusal } from '../lib/refusal.ts';
import type { ShownKey } from '../orders.ts';
import { row } from './key-words.ts';
import { order } from './order.ts';
import { type Flags, Usage } from './usage.ts';

/** What is told of one key or token; the secret itself is not printed again. */
interface Recognised {
  /** The beginning, as logs and screens may show it. */
  shown: string;
  what: string;
  /** False: a look-alike, or mistyped. */
  checksum?: boolean;
  /** Whether the store has a key of this id; absent where it was not asked. */
  known?: boolean;
  key?: ShownKey;
  /** Whether the whole is the key of this id, not only made to look like it. */
  same?: boolean;
  /** Why the store was not asked. */
  unknown?: string;
}

/** Tells what a key is that somebody found. Its form is checked here; the store is asked by id and hash, never by the key. */
export async function who(values: Flags, id: string | undefined): Promise<number> {
  if (id?.includes('_'))
    throw new Usage('A key in a command line stays in the history of the shell: give it on standard input, or with --in FILE.');
  const told = id === undefined ? await inText(values) : [await lookUp(values, { shown: id, what: 'A key.' }, { id })];
  process.stdout.write(`${values.json === true ? JSON.stringify(told) : told.map(sentence).join('\n')}\n`);
  return told.some(({ key, checksum }) => key !== undefined || checksum === true) ? 0 : 1;
}

async function inText(values: Flags): Promise<Recognised[]> {
  if (values.in === undefined && process.stdin.isTTY) throw new Usage('Give the key on standard input, or with --in FILE.');
  const found = findSecrets(await (values.in === undefined ? text(process.stdin) : readFile(String(values.in), 'utf8')));
  if (found.length === 0) return [{ shown: '–', what: 'Nothing in it has the form of a key or token of Sidelight.' }];
  const told: Recognised[] = [];
  for (const secret of found) told.push(await recognise(values, secret));
  return told;
}

function recognise(values: Flags, { shown, what, checksum, id, hash }: FoundSecret): Promise<Recognised> | Recognised {
  const form = { shown, what, checksum };
  return !checksum || id === undefined ? form : lookUp(values, form, { id, hash });
}

async function lookUp(values: Flags, form: Recognised, asked: { id: string; hash?: string }): Promise<Recognised> {
  try {
    const answer = (await order(values, 'keys.who', asked)) as { key?: ShownKey; same?: boolean };
    return { ...form, known: answer.key !== undefined, ...answer };
  } catch (problem) {
    if (problem instanceof Refusal) return { ...form, unknown: problem.details.message };
    throw problem;
  }
}

function sentence({ shown, what, checksum, known, key, same, unknown }: Recognised): string {
  const head = `${shown}  ${what}`;
  if (checksum === false) return `${head} Its checksum is wrong: it is mistyped, cut or a look-alike, and opens nothing.`;
  if (unknown !== undefined) return `${head} The store was not asked: ${unknown}`;
  if (key !== undefined && same === false) return `${head} The id is of a key here, the secret is not: it opens nothing.`;
  if (key !== undefined) return `${head}\n  ${row(key)}  organisation ${key.org}`;
  return known === false ? `${head} No key here has this id.` : head;
}
