import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { limits } from '../../src/protocol/limits.ts';
import { until } from '../../test/agent/until.ts';
import { lineOf } from '../agent/service.ts';
import { type Captured, type Placed, type Probe, Refused, type Watcher } from '../agent/watcher.ts';
import { peer } from './install.ts';

/** Where remote configuration keeps a probe. */
const pathOf = (id: string): string => `datadog/2/LIVE_DEBUGGING/logProbe_${id}/config`;

export interface DatadogOptions {
  /** With its tracing plugins, as people run it. */
  traces?: boolean;
  /** Captures to its own defaults, rather than no more than we do. */
  usesOwnLimits?: boolean;
}

/**
 * dd-trace's dynamic instrumentation. It is told of probes as in production, by remote configuration from its agent, which here answers on
 * loopback and keeps what it is sent.
 */
export function datadog({ traces = false, usesOwnLimits = false }: DatadogOptions = {}): Watcher {
  const intake = new Intake();
  return {
    name: 'dd-trace',
    async launch() {
      const found = await peer('dd-trace');
      if ('why' in found) throw new Refused(found.why);
      return {
        args: ['--require', fileURLToPath(new URL('./datadog.cjs', import.meta.url))],
        env: {
          ...{ BENCH_PEER: found.folder, BENCH_PEER_TRACES: traces ? '1' : '0' },
          ...{ DD_TRACE_AGENT_URL: await intake.listen(), DD_SERVICE: 'bench', DD_DYNAMIC_INSTRUMENTATION_ENABLED: 'true' },
          ...{ DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false', DD_REMOTE_CONFIG_POLL_INTERVAL_SECONDS: '1' },
        },
      };
    },
    ready: async () => void (await until(() => intake.asksForProbes, 'dd-trace to ask for probes', 30_000)),
    async place(_service, probe) {
      if (!['snapshot', 'logpoint'].includes(probe.kind)) throw new Refused('dd-trace has no such probe on Node');
      intake.probe = probeOf(probe, usesOwnLimits);
      const status = await until(() => intake.status, 'dd-trace to place the probe', 30_000);
      if (status !== 'INSTALLED') throw new Refused(`dd-trace: ${status}`);
      return intake;
    },
    close: () => intake.close(),
  };
}

/** What stands for Datadog's agent. */
class Intake implements Placed {
  probe: Record<string, unknown> | undefined;
  asksForProbes = false;
  /** Of the probe, as last told. */
  status: string | undefined;
  #hits = 0;
  #captures: Captured[] = [];
  #server: Server | undefined;
  #asked = 0;

  async listen(): Promise<string> {
    const server = createServer(async (request, response) => {
      const answer = this.#answer(request.url ?? '', await text(request));
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(answer));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  hits(): number {
    return this.#hits;
  }

  takeCaptures(): Captured[] {
    return this.#captures.splice(0);
  }

  async remove(): Promise<void> {
    this.probe = undefined;
    // Its next question brings the removal; the one after it comes when that was done.
    const asked = this.#asked;
    await until(() => this.#asked > asked + 2, 'dd-trace to remove the probe', 30_000);
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #answer(url: string, body: string): unknown {
    if (url.startsWith('/info'))
      return {
        endpoints: ['/v0.4/traces', '/v0.7/config', '/debugger/v1/input', '/debugger/v2/input', '/debugger/v1/diagnostics'],
      };
    if (url.startsWith('/v0.7/config')) {
      this.#asked += 1;
      this.asksForProbes ||= body.includes('LIVE_DEBUGGING');
      return configuration(this.probe);
    }
    if (url.startsWith('/debugger')) {
      this.status = /"status":"(INSTALLED|ERROR)"/.exec(body)?.[1] ?? this.status;
      if (url.includes('/input') || url.includes('/diagnostics')) this.#take(body);
    }
    return {};
  }

  #take(body: string): void {
    if (!body.startsWith('[')) return;
    for (const { debugger: told } of JSON.parse(body) as { debugger?: { snapshot?: Snapshot } }[]) {
      if (told?.snapshot === undefined) continue;
      this.#hits += 1;
      const [line] = Object.values(told.snapshot.captures?.lines ?? {});
      if (line === undefined) continue;
      const { locals } = line;
      const call = locals.call?.value;
      this.#captures.push({ ...(call === undefined ? {} : { call: Number(call) }), values: countAll(Object.values(locals)) });
    }
  }
}

interface Snapshot {
  captures?: { lines: Record<string, { locals: Record<string, SnapshotValue> }> };
}

interface SnapshotValue {
  value?: string;
  fields?: Record<string, SnapshotValue>;
  elements?: SnapshotValue[];
}

function countAll(values: SnapshotValue[]): number {
  return values.reduce(
    (sum, { fields, elements }) => sum + 1 + countAll(Object.values(fields ?? {})) + countAll(elements ?? []),
    0,
  );
}

/** The answer to a question for remote configuration. */
function configuration(probe: Record<string, unknown> | undefined): unknown {
  const raw = JSON.stringify(probe ?? {});
  const path = pathOf(String(probe?.id));
  const meta = { custom: { v: 1 }, hashes: { sha256: Buffer.from(raw).toString('hex').slice(0, 64) }, length: raw.length };
  const targets = probe === undefined ? {} : { [path]: meta };
  const signed = { custom: { opaque_backend_state: 'bench' }, targets, version: probe === undefined ? 2 : 1 };
  const encode = (value: string): string => Buffer.from(value).toString('base64');
  return {
    targets: encode(JSON.stringify({ signed, signatures: [] })),
    target_files: probe === undefined ? [] : [{ path, raw: encode(raw) }],
    client_configs: probe === undefined ? [] : [path],
  };
}

function probeOf({ kind, mark, isNever, perSecond }: Probe, usesOwnLimits: boolean): Record<string, unknown> {
  const ours = {
    maxReferenceDepth: limits.maxDepth,
    maxCollectionSize: limits.maxElements,
    maxFieldCount: limits.maxFields,
    maxLength: limits.maxStringChars,
  };
  return {
    ...{ id: '100c9a5c-45ad-49dc-818b-c570d31e11d1', version: 0, type: 'LOG_PROBE', language: 'javascript' },
    where: { sourceFile: 'agent-server.cjs', lines: [String(lineOf(mark))] },
    ...(isNever ? { when: { dsl: 'total < 0', json: { lt: [{ ref: 'total' }, 0] } } } : {}),
    template: 'total {total}',
    segments: kind === 'logpoint' ? [{ str: 'total ' }, { dsl: 'total', json: { ref: 'total' } }] : [{ str: 'bench' }],
    captureSnapshot: kind === 'snapshot',
    ...(usesOwnLimits ? {} : { capture: ours }),
    sampling: { snapshotsPerSecond: perSecond ?? 5_000 },
  };
}
