import type { BridgeBeat } from '../protocol/frames.ts';
import type { SessionContext } from './session-context.ts';

/** Sends are about 28 µs each; after so many the rest of the bridge gets its turn. */
const beatsPerTurn = 200;

/** Beats for every connection, and the end of those that are silent. Returns what stops it. */
export function startPulse({ registry, settings, clock }: SessionContext): () => void {
  let stopped = false;
  let cancel = clock.after(settings.beatMs, run);

  function run(): void {
    void beatAll().then(() => {
      if (!stopped) cancel = clock.after(settings.beatMs, run);
    });
  }

  async function beatAll(): Promise<void> {
    const beat = JSON.stringify({ t: 'beat', ts: clock.now() } satisfies BridgeBeat);
    let sent = 0;
    for (const session of [...registry.open]) {
      if (stopped) return;
      if (session.agent === undefined) continue;
      if (session.silentMs() > settings.missedBeats * settings.beatMs) session.peer.cut();
      else session.peer.sendText(beat);
      sent += 1;
      if (sent % beatsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return () => {
    stopped = true;
    cancel();
  };
}
