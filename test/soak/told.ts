import type { Sample } from './sample.ts';
import type { Soaked } from './soak.ts';
import type { Usage } from './watched.ts';

const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
const sum = (resources: Usage['resources']) => Object.values(resources).reduce((all, one) => all + one, 0);

const process: [name: string, of: (usage: Usage) => string][] = [
  ['heap MB', ({ heapBytes }) => mb(heapBytes)],
  ['code MB', ({ codeBytes }) => mb(codeBytes)],
  ['buffers MB', ({ bufferBytes }) => mb(bufferBytes)],
  ['RSS MB', ({ rssBytes }) => mb(rssBytes)],
  ['fds', ({ fds }) => String(fds ?? '–')],
  ['files', ({ files }) => String(files ?? '–')],
  ['sockets', ({ sockets }) => String(sockets ?? '–')],
  ['handles', ({ resources }) => String(sum(resources))],
  ['loop p99 ms', ({ loopP99Ms }) => loopP99Ms.toFixed(1)],
];
const bridge: [name: string, of: (sample: Sample['bridges'][number]) => string][] = [
  ...process,
  ['calls', ({ counters }) => String(counters.calls)],
  ['hits', ({ counters }) => String(counters.hits)],
  ['actions', ({ gauges }) => String(gauges.actions)],
  ['agents', ({ gauges }) => String(gauges.agents)],
];

/** The head of the table, for so many bridges. */
export function columns({ bridges }: Sample): string {
  const heads = [
    'minute',
    ...bridges.flatMap((_, index) => bridge.map(([name]) => `bridge ${index + 1} ${name}`)),
    ...process.map(([name]) => `program ${name}`),
    'store MB',
  ];
  return `| ${heads.join(' | ')} |\n|${'---|'.repeat(heads.length)}`;
}

/** A sample as a row of it. */
export function rowOf({ minutes, bridges, program, storeBytes }: Sample): string {
  const cells = [
    minutes.toFixed(2),
    ...bridges.flatMap((one) => bridge.map(([, of]) => of(one))),
    ...process.map(([, of]) => of(program)),
    mb(storeBytes),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Everything at the end, the verdict last. */
export function told({ findings, done, rows, cores }: Soaked): string {
  const isWell = findings.every((finding) => finding.isWell);
  return [
    '',
    `Shares of a core: ${Object.entries(cores)
      .map(([who, share]) => `${who} ${(share * 100).toFixed(1)} %`)
      .join(', ')}`,
    `Rows at the end: ${JSON.stringify(rows)}`,
    `What the load did: ${JSON.stringify(done.counts)}`,
    '',
    ...findings.map((finding) => `${finding.isWell ? 'well  ' : 'AMISS '} ${finding.what}: ${finding.told}`),
    '',
    isWell ? 'Flat.' : 'NOT FLAT.',
  ].join('\n');
}
