import { setTimeout as sleep } from 'node:timers/promises';
import type { Bridges } from './bridges.ts';
import { nameOf, type Sample, takeSample } from './sample.ts';
import { type Finding, judgeOpen } from './verdict.ts';
import type { Watched } from './watched.ts';

/** Everything that was open has so long to be closed after the load: sessions of agents that died are silent for a while first. */
const settleMs = 90_000;

/** Looks until everything is closed that was not open before, or the time for that is over. */
export async function settle(bridges: Bridges, program: Watched, before: Sample): Promise<{ after: Sample; open: Finding[] }> {
  const endsAt = performance.now() + settleMs;
  for (;;) {
    const after = await takeSample(bridges, program, 0);
    const open = after.bridges.flatMap((bridge, index) => {
      const was = before.bridges[index];
      if (was === undefined) throw new Error(`There was no ${nameOf(index)}.`);
      const left = Object.entries(bridge.gauges).filter(([name, value]) => value > was.gauges[name as keyof typeof was.gauges]);
      const told = left.length === 0 ? 'as at the start' : `more than at the start: ${JSON.stringify(left)}`;
      return [...judgeOpen(nameOf(index), was, bridge), { what: `${nameOf(index)}: under way`, isWell: left.length === 0, told }];
    });
    open.push(...judgeOpen('program', before.program, after.program));
    if (open.every(({ isWell }) => isWell) || performance.now() > endsAt) return { after, open };
    await sleep(500);
  }
}
