import { memoryUsage } from 'node:process';
import { startBridge } from '../../test/helpers/bridge.ts';

/** What the parent asks, by a word; each is answered with one message. */
export type Asked = { issue: string } | 'usage' | 'close';

/** The bridge as its parent sees it. */
export interface Started {
  mcpUrl: string;
  agentUrl: string;
  enrolKey: string;
}

/** What the process has cost so far. */
export interface Usage {
  /** After a collection. */
  heapBytes: number;
  rssBytes: number;
  cpuMicros: number;
}

/** A bridge in a process of its own, so that its memory and processor time are not its callers' and agents'. */
async function main(): Promise<void> {
  const bridge = await startBridge(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);
  process.on('message', async (asked: Asked) => {
    if (asked === 'usage') process.send?.(usage());
    else if (asked === 'close') {
      await bridge.close();
      process.disconnect();
    } else process.send?.((await bridge.issue({ name: asked.issue })).secret);
  });
  const { mcpUrl, agentUrl, enrolKey } = bridge;
  process.send?.({ mcpUrl, agentUrl, enrolKey } satisfies Started);
}

function usage(): Usage {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { heapBytes: memoryUsage().heapUsed, rssBytes: memoryUsage.rss(), cpuMicros: user + system };
}

await main();
