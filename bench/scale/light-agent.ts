import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { describe, dial } from '../../agents-sim/hello.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { BridgeTrust } from '../../src/agent/link/bridge-trust.ts';
import { newAgentId } from '../../src/agent/link/hello.ts';
import { Introduction } from '../../src/agent/link/introduction.ts';
import type { BridgeFrame } from '../../src/protocol/frames.ts';

/** An order to place something. */
export type Arm = Extract<BridgeFrame, { t: 'arm' }>;

/** An agent that costs as little as a plain socket: it proves who it is and checks no signature. Resolves when it is welcomed. */
export function connectLight(
  { url, key, service }: { url: string; key: string; service?: string },
  armed: (socket: WebSocket, frame: Arm) => void,
): Promise<WebSocket> {
  const described = describe(newAgentId(), { url, key, scenario: checkout(), ...(service !== undefined && { service }) });
  const introduction = new Introduction(described, randomBytes(32), new BridgeTrust(undefined));
  const socket = dial(url, key);
  return new Promise((resolve, reject) => {
    socket.once('open', () => introduction.opened()).once('error', reject);
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as BridgeFrame;
      if (frame.t === 'challenge') socket.send(introduction.hello(frame.nonce, undefined) ?? '');
      else if (frame.t === 'error') reject(new Error(frame.message));
      else if (frame.t === 'welcome') resolve(socket);
      else if (frame.t === 'arm') armed(socket, frame);
    });
  });
}
