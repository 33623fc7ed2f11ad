import { WebSocket } from 'ws';
import type { Described } from '../src/agent/link/introduction.ts';
import { actionKinds, subprotocol } from '../src/protocol/frames.ts';
import { limits } from '../src/protocol/limits.ts';
import type { Faults } from './faults.ts';
import type { Scenario } from './scenario.ts';

/** What a simulated agent is told; everything it leaves open has a sensible value. */
export interface SimulatedAgentOptions {
  /** As `ws://127.0.0.1:4000/agent`. */
  url: string;
  key: string;
  /** How it gets a connection; the default is a WebSocket over the network. */
  connect?: (url: string, key: string) => WebSocket;
  /** The bridge's own key; without it the first one that welcomes is trusted. */
  bridgeKey?: string;
  /** What its own key is made from, 32 bytes: two agents with the same are copies of one process. */
  keySeed?: Uint8Array;
  scenario: Scenario;
  id?: string;
  service?: string;
  version?: string;
  commit?: string;
  environment?: string;
  host?: string;
  pod?: string;
  tags?: string[];
  /** Passes of the pretended program while anything is armed; 0 leaves it to `pass()`. */
  passesPerSecond?: number;
  seed?: number;
  faults?: Faults;
  /** Hears which of its numbered frames the bridge has acknowledged. */
  acknowledged?: (frames: readonly string[]) => void;
}

/** How the agent describes its pretended program. */
export function describe(id: string, options: SimulatedAgentOptions): Described {
  const { scenario, version, commit, environment, host = 'sim', pod, tags = [] } = options;
  const service = options.service ?? scenario.service;
  return {
    t: 'hello',
    v: 1,
    agent: { id, name: `${service}@${host}/${id.slice(-6)}`, version: '0.1.0', mode: 'sim' },
    service,
    version,
    commit,
    environment,
    runtime: { language: 'javascript', name: 'simulated', version: '1' },
    host,
    pid: process.pid,
    pod,
    tags,
    startedAt: Date.now(),
    capabilities: {
      kinds: [...actionKinds],
      where: ['line'],
      engines: ['load-time'],
      locate: true,
      conditions: true,
      expressions: true,
      pending: true,
      sourceMaps: false,
      stops: 'none',
      maxActions: limits.maxActionsPerAgent,
    },
  };
}

/** A connection over the network. */
export function dial(url: string, key: string): WebSocket {
  return new WebSocket(url, subprotocol, {
    headers: { authorization: `Bearer ${key}` },
    maxPayload: limits.maxBridgeFrameBytes,
    perMessageDeflate: false,
  });
}
