import type { Service } from './service.ts';

/** A probe, in words every watcher can be asked in. */
export interface Probe {
  kind: 'snapshot' | 'logpoint' | 'counter' | 'metric' | 'duration';
  /** A marked line of agent-server.cjs. */
  mark: 'hot' | 'branch' | 'cold';
  /** Never true, when set. */
  isNever?: boolean;
  /** Snapshots or lines a second at most; without it as many as the watcher takes. */
  perSecond?: number;
  /** Requests a second the service answers without anybody, from which a condition makes a rate. */
  callsPerSecond?: number;
}

/** What one capture held. */
export interface Captured {
  /** The number of the call it was taken in, where the watcher told it. */
  call?: number;
  /** Values in it, objects and their fields and elements alike. */
  values: number;
  /** The pause it names itself, in microseconds. */
  pauseMicros?: number;
}

/** A probe in a running service. */
export interface Placed {
  /** Hits so far: captures or lines. */
  hits(): number;
  /** Captures since the last time this was asked. */
  takeCaptures(): Captured[];
  /** Passes it has counted, for kinds that count. */
  counted?(): number | undefined;
  /** How it watches, and what it has to say about it. */
  how?(): string | undefined;
  remove(): Promise<void>;
  /** Ends what runs here for it; the service ends by itself. */
  forget?(): void;
}

/** What stands in a service: our agent or a peer. */
export interface Watcher {
  name: string;
  /** What to start the service with. */
  launch(): Promise<{ args: string[]; env: Record<string, string> }>;
  /** Waits until it is ready for probes. */
  ready(service: Service): Promise<void>;
  /** Waits until the probe is in the program; throws `Refused`. */
  place(service: Service, probe: Probe): Promise<Placed>;
  close(): Promise<void>;
}

/** A watcher does not do this; the message says why. */
export class Refused extends Error {}
