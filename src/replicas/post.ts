import type { Bell, Ear } from './bell.ts';
import { type Note, readNote } from './notes.ts';

/** What a replica does with the notes of others, by kind. */
export type Readers = { [Kind in Note['note']]: (note: Extract<Note, { note: Kind }>) => void };

/** The notes between this replica and the others. */
export interface Post {
  send(replicas: readonly string[], note: Note): void;
  /** To every other replica that is alive. */
  sendAll(note: Note): void;
}

/** Sends notes by a bell, never to itself. */
export function createPost(self: string, others: () => readonly { id: string }[], bell: () => Bell): Post {
  const send = (replicas: readonly string[], note: Note): void => {
    const there = replicas.filter((replica) => replica !== self);
    if (there.length > 0) bell().ring(there, JSON.stringify(note));
  };
  return {
    send,
    sendAll: (note) =>
      send(
        others().map(({ id }) => id),
        note,
      ),
  };
}

/** Reads what comes; `missed` looks at everything that notes tell of. */
export function createEar(readers: Readers, missed: () => void): Ear {
  return {
    heard(text) {
      const note = readNote(text);
      if (note !== undefined) (readers[note.note] as (note: Note) => void)(note);
    },
    missed,
  };
}
