import { fileURLToPath } from 'node:url';
import { limits } from '../../src/protocol/limits.ts';
import { until } from '../../test/agent/until.ts';
import { lineOf, type Service } from '../agent/service.ts';
import { type Captured, type Placed, type Probe, Refused, type Watcher } from '../agent/watcher.ts';
import { peer } from './install.ts';

/** Between a snapshot and the next request for one, when there is no rate: its agent has no rate of its own. */
const shortestWaitMs = 40;

interface Variable {
  name?: string;
  value?: string;
  varTableIndex?: number;
  members?: Variable[];
}

interface Told {
  placed?: true;
  refused?: string;
  removed?: true;
  line?: string;
  hit?: { locals: Variable[]; args: Variable[]; table: Variable[] };
}

/** The engine of Google's debug agent; its service was closed, so its own interface is driven. */
export function google(): Watcher {
  return {
    name: 'Google debug-agent',
    async launch() {
      const found = await peer('@google-cloud/debug-agent');
      if ('why' in found) throw new Refused(found.why);
      // It stops at 20,000 bytes of values; without that it would follow everything the stack can reach.
      const capture = { maxProperties: limits.maxElements, maxStringLength: limits.maxStringChars, maxExpandFrames: 1 };
      return {
        args: ['--require', fileURLToPath(new URL('./google.cjs', import.meta.url))],
        env: { BENCH_PEER: found.folder, BENCH_PEER_CAPTURE: JSON.stringify(capture) },
      };
    },
    ready: async () => undefined,
    async place(service, probe) {
      if (!['snapshot', 'logpoint'].includes(probe.kind)) throw new Refused('it has no such probe');
      return new GoogleProbe(service, probe).placed();
    },
    close: async () => undefined,
  };
}

class GoogleProbe implements Placed {
  readonly #service: Service;
  #hits = 0;
  #captures: Captured[] = [];
  #refused: string | undefined;
  #isPlaced = false;
  #isRemoved = false;

  constructor(service: Service, { kind, mark, isNever, perSecond }: Probe) {
    this.#service = service;
    service.child.on('message', (told: Told) => this.#take(told));
    const waitMs = perSecond === undefined ? shortestWaitMs : 1_000 / perSecond;
    service.child.send({ line: lineOf(mark), ...(isNever ? { condition: 'total < 0' } : {}), kind, waitMs });
  }

  async placed(): Promise<this> {
    await until(() => this.#isPlaced || this.#refused !== undefined, 'the probe of Google');
    if (this.#refused !== undefined) throw new Refused(this.#refused);
    return this;
  }

  hits(): number {
    return this.#hits;
  }

  takeCaptures(): Captured[] {
    return this.#captures.splice(0);
  }

  async remove(): Promise<void> {
    this.#service.child.send({ remove: true });
    await until(() => this.#isRemoved, 'the removal by Google');
  }

  #take({ placed, refused, removed, line, hit }: Told): void {
    this.#isPlaced ||= placed === true;
    this.#isRemoved ||= removed === true;
    this.#refused ??= refused;
    if (line !== undefined) this.#hits += 1;
    if (hit === undefined) return;
    this.#hits += 1;
    const own = [...hit.locals, ...hit.args];
    const call = own.find(({ name }) => name === 'call')?.value;
    const inside = hit.table.reduce((sum, { members }) => sum + (members?.length ?? 0), 0);
    this.#captures.push({ ...(call === undefined ? {} : { call: Number(call) }), values: own.length + inside });
  }
}
