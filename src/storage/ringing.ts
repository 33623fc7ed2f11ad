import type { Log } from '../lib/log.ts';
import type { Bell } from '../replicas/bell.ts';

/** Notes that wait while some are sent; what is beyond is let go, because whoever misses a note finds what it tells of by itself. */
const maxWaiting = 10_000;

/** Notes for one replica, one in each line. */
interface Ring {
  replica: string;
  notes: string;
}

/** Sendings at a time: what follows on a note, such as an answer on the change it made, does not wait for that one to be through. */
const maxSendings = 2;

/** Sends what comes while sendings are under way together with the next one, equal notes once: alone nothing waits, under load one statement serves many. */
export function createRinging(maxBytes: number, send: (rings: Ring[]) => Promise<void>, log: Log): Bell {
  let waiting = new Map<string, Set<string>>();
  let count = 0;
  const sendings = new Set<Promise<void>>();
  let underWay = 0;
  let isQuiet = true;

  async function sendAll(): Promise<void> {
    // So that all notes of one turn go together, such as what became of an action and the answer to who asked for it.
    await new Promise((resolve) => setImmediate(resolve));
    while (count > 0) {
      const rings = ringsOf(waiting, maxBytes);
      waiting = new Map();
      count = 0;
      try {
        await send(rings);
        isQuiet = true;
      } catch (problem) {
        if (isQuiet) log.warn({ err: problem }, 'other bridges could not be told; they find out by themselves');
        isQuiet = false;
      }
    }
    // In the turn that saw nothing waiting, or a note that comes now would wait for the next one.
    underWay -= 1;
  }

  function begin(): void {
    underWay += 1;
    const sending = sendAll().finally(() => sendings.delete(sending));
    sendings.add(sending);
  }

  return {
    ring(replicas, note) {
      for (const replica of replicas) {
        const notes = waiting.get(replica) ?? new Set();
        if (notes.has(note) || count >= maxWaiting) continue;
        waiting.set(replica, notes.add(note));
        count += 1;
      }
      if (count > 0 && underWay < maxSendings) begin();
    },
    async close() {
      await Promise.all(sendings);
    },
  };
}

function ringsOf(waiting: Map<string, Set<string>>, maxBytes: number): Ring[] {
  const rings: Ring[] = [];
  for (const [replica, notes] of waiting) {
    let ring: Ring = { replica, notes: '' };
    rings.push(ring);
    for (const note of notes) {
      if (ring.notes !== '' && Buffer.byteLength(ring.notes) + Buffer.byteLength(note) + 1 > maxBytes) {
        ring = { replica, notes: '' };
        rings.push(ring);
      }
      ring.notes += ring.notes === '' ? note : `\n${note}`;
    }
  }
  return rings;
}
