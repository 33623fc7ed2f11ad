import type { Counts } from './counted.ts';
import type { Done } from './load.ts';
import type { Sample } from './sample.ts';
import type { Finding } from './verdict.ts';
import type { Watched } from './watched.ts';

/** Part of what a bridge logs about the files that the load breaks. */
const brokenFile = 'the policy files were not taken';

/** What every soak has to see. */
const needed = ['client:connected', 'drop:gone', 'agent:left', 'agent:died', 'agent:broke off', 'policies:changed'];

/** Which of it did not happen yet. */
export function notYet(counts: Counts): string[] {
  return needed.filter((key) => (counts[key] ?? 0) === 0);
}

/** The load did what it is for, and nothing went wrong in it or was logged as an error. */
export function judgeWork({ counts, amiss }: Done, { bridges }: Sample, watched: Watched[]): Finding[] {
  const sum = (of: (sample: Sample['bridges'][number]) => number) => bridges.reduce((all, bridge) => all + of(bridge), 0);
  const calls = sum(({ counters }) => counters.calls);
  const hits = sum(({ counters }) => counters.hits);
  const missing = notYet(counts);
  const said = watched.flatMap(({ said: lines }) => lines).filter((line) => !line.includes(brokenFile));
  return [
    {
      what: 'work',
      isWell: calls > 0 && hits > 0 && missing.length === 0,
      told: `${calls} calls, ${hits} hits${missing.length === 0 ? '' : `; never happened: ${missing.join(', ')}`}`,
    },
    { what: 'calls', isWell: amiss.length === 0, told: amiss.length === 0 ? 'each ended as it should' : amiss.join('\n  ') },
    { what: 'errors logged', isWell: said.length === 0, told: said.length === 0 ? 'none' : said.join('\n  ') },
  ];
}
