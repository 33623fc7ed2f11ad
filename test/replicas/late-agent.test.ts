import { expect, it } from 'vitest';
import { connectCaller, onCheckout, startAgent } from '../flow/world.ts';
import { startBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { hasPostgres, postgresWorld } from '../storage/engines.ts';

it.skipIf(!hasPostgres)(
  'an agent that connects while an action is being placed gets it, on the only bridge there is',
  async () => {
    const world = await postgresWorld();
    const bridge = await startBridge({ 'database-url': world.url ?? '' });
    const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
    const agents = [await startAgent(bridge, { id: 'first-agent' })];
    let placing: ReturnType<typeof caller.call> | undefined;
    await world.db.tx(async ({ query }) => {
      // As if another placement were under way: the lock that each takes.
      await query('select pg_advisory_xact_lock(7433, hashtext($1))', ['default']);
      placing = caller.call('take_snapshot', { ...onCheckout, waitSeconds: 0, timeoutSeconds: 60 });
      await until('it waits for its turn', async () => {
        const [row] = await world.second.query<{ waiting: number }>(
          "select count(*)::int as waiting from pg_locks where locktype = 'advisory' and not granted",
        );
        return (row?.waiting ?? 0) > 0 || undefined;
      });
      agents.push(await startAgent(bridge, { id: 'second-agent' }));
    });
    const { structured } = (await placing) ?? {};
    expect(structured?.targets.map(({ agentId }) => agentId)).toEqual(['first-agent']);
    await until('both have it', () => agents.every(({ probes }) => probes.armed === 1) || undefined);
    await caller.close();
    for (const agent of agents) await agent.stop();
    await bridge.close();
    await world.close();
  },
);
