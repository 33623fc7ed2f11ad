import { WebSocket } from 'ws';
import type { Clock } from '../lib/clock.ts';
import type { BridgeError, BridgeFrame } from '../protocol/frames.ts';
import type { HubSettings } from './settings.ts';

/** Close codes of RFC 6455 §7.4; 4001 is ours. */
export const closeCodes = { normal: 1000, policy: 1008, internal: 1011, restart: 1012, replaced: 4001 } as const;

/** An agent that does not answer the closing handshake is cut after this. */
const closingMs = 2_000;

/** The way out to one agent. */
export interface Peer {
  send(frame: BridgeFrame): void;
  /** A frame as text that was made once for many agents. */
  sendText(text: string): void;
  /** Says why in an error frame, then closes. */
  refuse(code: BridgeError['code'], message: string, closeCode?: number): void;
  close(code: number, reason: string): void;
  /** Without a word: the other side is gone or does not read. */
  cut(): void;
}

/** Sends frames; an agent that leaves too much unread is cut, so that it costs no memory. */
export function createPeer(
  socket: WebSocket,
  clock: Clock,
  settings: HubSettings,
  sent: (bytes: number) => void = () => {},
): Peer {
  let closing = false;

  function sendText(text: string): void {
    if (closing || socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > settings.maxBufferedBytes) {
      cut();
      return;
    }
    socket.send(text);
    sent(Buffer.byteLength(text));
  }

  function close(code: number, reason: string): void {
    if (closing) return;
    closing = true;
    // A paused socket would never see the answer to the closing handshake.
    socket.resume();
    socket.close(code, reason);
    const forget = clock.after(closingMs, () => socket.terminate());
    socket.once('close', forget);
  }

  function cut(): void {
    closing = true;
    socket.terminate();
  }

  return {
    send: (frame) => sendText(JSON.stringify(frame)),
    sendText,
    refuse(code, message, closeCode = closeCodes.policy) {
      sendText(JSON.stringify({ t: 'error', code, message } satisfies BridgeError));
      close(closeCode, code);
    },
    close,
    cut,
  };
}
