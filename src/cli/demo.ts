import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { issueKey } from '../identity/issue.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { start } from '../start.ts';
import { agentEntry } from './agent-path.ts';
import { announce, firstLine } from './announce.ts';
import { stop } from './serve.ts';
import { type Shop, shopService, startShop } from './shop.ts';
import { untilStopped } from './signals.ts';
import { type Command, readFlags, settingOptions } from './usage.ts';

/** A bridge with a real program beside it: the sample shop, with the agent, some traffic and a bug to find. */
export const demo: Command = {
  name: 'demo',
  usage: `sidelight demo [--port N] [--data DIR] [--json]
  Runs a bridge and a sample shop with the agent, and prints keys and a snippet for your assistant.
  Without --data everything is kept in a temporary directory that goes away at the end.`,
  async run(args) {
    const { values } = readFlags(args, { ...settingOptions, json: { type: 'boolean' } });
    const temporary = values.data === undefined ? await mkdtemp(join(tmpdir(), 'sidelight-demo-')) : undefined;
    const config = readConfig(
      { 'log-level': 'warn', ...values, ...(temporary === undefined ? {} : { data: temporary }) },
      process.env,
    );
    const log = createLog(config.logLevel);
    const entry = agentEntry();
    let shop: Shop | undefined;
    const running = await start(config, { clock: systemClock, log });
    try {
      const { secret } = await issueKey(running.keys, systemClock, {
        kind: 'enrolment',
        org: 'default',
        name: 'demo shop',
        owner: 'operator',
        pool: 'default',
        service: shopService,
        days: 1,
      });
      shop = await startShop({
        agent: entry,
        agentUrl: running.agentUrl,
        key: secret,
        connected: () => running.bridge.services.agents('default'),
      });
      const line = { ...firstLine(running), program: shop.program };
      process.stdout.write(values.json === true ? `${JSON.stringify(line)}\n` : `${announce(running)}${shop.describe()}`);
      await untilStopped();
    } finally {
      await shop?.stop();
      await stop(running, log);
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    }
    return 0;
  },
};
