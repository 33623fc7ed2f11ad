import type { Clock } from '../lib/clock.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Note } from './notes.ts';

/** A note may be lost, so it is sent again until it is answered; whoever gets it twice does the work once. */
const againMs = 1_000;

export type Done = Extract<Note, { note: 'done' }>;
/** A note that asks for an answer. */
export type Asking = Extract<Note, { ask: string; from: string }>;

/** Questions to other replicas that wait for their answer. */
export interface Asks {
  /**
   * Resolves with the answer, which is `away` too when `hasLeft` says so while there is none: a replica that died says nothing. Rejects
   * with `upstream_error` when there is none in `answerMs`.
   */
  ask(replica: string, asking: Asking, answerMs: number, hasLeft: () => Promise<boolean>): Promise<Done>;
  heard(done: Done): void;
}

/** Nobody asks yet. `send` sends a note to one replica. */
export function createAsks(clock: Clock, send: (replica: string, note: Note) => void): Asks {
  const open = new Map<string, (done: Done) => void>();
  return {
    async ask(replica, asking, answerMs, hasLeft) {
      let callOff = () => {};
      try {
        return await new Promise<Done>((resolve, reject) => {
          open.set(asking.ask, resolve);
          const until = clock.monotonic() + answerMs;
          const isLeft = () =>
            hasLeft().then(
              (left) => left && resolve({ note: 'done', ask: asking.ask, away: true }),
              // The database does not answer; the note may.
              () => undefined,
            );
          const turn = (isAgain = true) => {
            if (clock.monotonic() >= until) {
              reject(tooLate(answerMs));
              return;
            }
            send(replica, asking);
            if (isAgain) void isLeft();
            callOff = clock.after(Math.min(againMs, until - clock.monotonic()), turn);
          };
          turn(false);
        });
      } finally {
        callOff();
        open.delete(asking.ask);
      }
    },
    heard(done) {
      open.get(done.ask)?.(done);
    },
  };
}

/** Answers remembered for questions that come again; far more than are open at a time. */
const maxRemembered = 10_000;

/** Does what other replicas ask, each question once. */
export function createAnswering(
  answer: (asking: Asking) => Promise<Omit<Done, 'note' | 'ask'>>,
  send: (replica: string, note: Note) => void,
): (asking: Asking) => void {
  const known = new Map<string, Promise<Omit<Done, 'note' | 'ask'>>>();
  return (asking) => {
    const inHand = known.get(asking.ask) ?? answer(asking);
    known.set(asking.ask, inHand);
    if (known.size > maxRemembered) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    void inHand.then((done) => send(asking.from, { note: 'done', ask: asking.ask, ...done }));
  };
}

function tooLate(answerMs: number): Refusal {
  return new Refusal({
    code: 'upstream_error',
    message: `The bridge that the agent is connected to did not answer within ${Math.round(answerMs)} ms.`,
    next: 'Call list_sources to see whether the agent is still connected.',
  });
}
