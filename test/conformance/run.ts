import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEndpoint } from './endpoint.ts';

/** Each run of the official suite; the older release is what most implementers still measure with. */
const runs = [
  { title: 'suite 0.1.16, all scenarios', version: '0.1.16', args: ['--suite', 'all'], baseline: 'not-applicable-2025.yml' },
  {
    title: '2025-11-25, required scenarios',
    version: '0.2.0-alpha.12',
    args: ['--requirements', '2025-11-25'],
    baseline: 'not-applicable-2025.yml',
  },
  {
    title: '2026-07-28, required scenarios',
    version: '0.2.0-alpha.12',
    args: ['--requirements', '2026-07-28'],
    baseline: 'not-applicable-2026.yml',
  },
];

/** The suite needs `fs.globSync`, which Node 20 lacks, so it gets a Node of its own; the endpoint runs on ours. */
const suiteNode = 'node@22';
const maxRunMs = 150_000;

interface Finished {
  code: number | null;
  output: string;
}

async function main(): Promise<number> {
  const endpoint = await startEndpoint();
  const directory = await mkdtemp(join(tmpdir(), 'conformance-')); // the suite writes its results where it runs
  try {
    let failed = 0;
    for (const run of runs) {
      const baseline = fileURLToPath(new URL(run.baseline, import.meta.url));
      const { code, output } = await npx(directory, [
        ...['-p', suiteNode, '-p', `@modelcontextprotocol/conformance@${run.version}`, 'conformance'],
        ...['server', '--url', endpoint.url, ...run.args, '--expected-failures', baseline],
      ]);
      const isOk = code === 0 && output.includes('=== SUMMARY ===');
      if (!isOk) failed += 1;
      console.log(`\n${isOk ? 'ok' : 'FAILED'}: ${run.title}`);
      console.log(isOk ? summaryOf(output) : output);
    }
    return failed === 0 ? 0 : 1;
  } finally {
    await endpoint.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function npx(cwd: string, args: string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn('npx', ['--yes', ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: maxRunMs });
    let output = '';
    const collect = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** What passed, one line a scenario; the expected failures have their reasons in the baseline. */
function summaryOf(output: string): string {
  const lines = output.slice(output.indexOf('=== SUMMARY ===')).split('\n');
  const passed = lines.filter((line) => line.startsWith('✓'));
  return [...passed, ...lines.filter((line) => line.startsWith('Total:'))].join('\n');
}

process.exitCode = await main();
