import { createRandom } from '../../agents-sim/random.ts';
import { clients } from '../mcp/clients.ts';
import { comeAndGo } from './agents.ts';
import { apiCaller, type Calling, dropper, mcpCaller, refusedCaller } from './callers.ts';
import { Counted, type Counts } from './counted.ts';
import { changePolicies } from './reloads.ts';

/** What the load is told, as JSON in its first argument. */
export interface LoadOptions {
  mcpUrls: string[];
  agentUrls: string[];
  keys: Record<'readKey' | 'fullKey' | 'enrolKey', string>;
  policies: string;
  seed: number;
  agents: number;
  /** Between two calls of one caller, on average. */
  pauseMs: number;
  /** Between two agents that go, and between two changes of the policies. */
  agentEveryMs: number;
  policyEveryMs: number;
}

/** What it did so far, and what went wrong in it; it tells that every second and at its end. */
export interface Done {
  counts: Counts;
  amiss: string[];
  cpuMicros: number;
}

/** Every kind of caller and agent at once, in a process of their own, so that all connections are gone when it is. SIGTERM ends it. */
async function main(options: LoadOptions): Promise<void> {
  const { mcpUrls, agentUrls, keys, policies, seed, agents, pauseMs, agentEveryMs, policyEveryMs } = options;
  const random = createRandom(seed);
  const counted = new Counted();
  const known: string[] = [];
  const end = { isAsked: false };
  const isOver = () => end.isAsked;
  for (const reason of ['SIGTERM', 'disconnect'])
    process.once(reason, () => {
      end.isAsked = true;
    });
  const calling = (index: number): Calling => ({
    ...{ mcpUrl: mcpUrls[index % mcpUrls.length] ?? '', fullKey: keys.fullKey, readKey: keys.readKey },
    ...{ random: random.fork(`caller ${index}`), counted, known, pauseMs, isOver },
  });
  const tell = () => {
    const { user, system } = process.cpuUsage();
    if (process.connected) process.send?.({ done: { counts: counted.counts, amiss: counted.amiss, cpuMicros: user + system } });
  };
  const telling = setInterval(tell, 1_000);
  await Promise.all([
    comeAndGo({ agentUrls, key: keys.enrolKey, count: agents, everyMs: agentEveryMs, random, counted, isOver }),
    changePolicies({ policies, everyMs: policyEveryMs, counted, isOver }),
    ...clients.map((how, index) => mcpCaller(calling(index), how)),
    ...[4, 5].map((index) => apiCaller(calling(index))),
    ...[6, 7].map((index) => dropper(calling(index))),
    refusedCaller(calling(8)),
  ]);
  clearInterval(telling);
  tell();
  // Connections of the SDKs are kept alive for a minute and would keep this process, too.
  process.send?.('over', () => process.exit(0));
}

if (process.argv[2] !== undefined) await main(JSON.parse(process.argv[2]) as LoadOptions);
