import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorOf } from '../authorization/administer.ts';
import { readConfig } from '../config.ts';
import { defaultOrg } from '../identity/issue.ts';
import { issueKey } from '../keys.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { start } from '../start.ts';
import { agentEntry } from './agent-path.ts';
import { announce, firstLine } from './announce.ts';
import { peopleLink, stop } from './serve.ts';
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
    const stopped = untilStopped();
    const entry = agentEntry();
    if (values.data !== undefined) return run(values, entry, stopped);
    const data = await mkdtemp(join(tmpdir(), 'sidelight-demo-'));
    try {
      return await run({ ...values, data }, entry, stopped);
    } finally {
      await rm(data, { recursive: true, force: true });
    }
  },
};

async function run(values: Record<string, string | boolean | undefined>, agent: string, stopped: Promise<void>): Promise<number> {
  const config = readConfig({ 'log-level': 'warn', ...values }, process.env);
  const log = createLog(config.logLevel);
  let shop: Shop | undefined;
  const running = await start(config, { clock: systemClock, log });
  try {
    const { secret } = await issueKey(
      running.bridge.desk,
      operatorOf(defaultOrg).create({
        ...{ kind: 'enrolment', org: defaultOrg, name: 'demo shop', owner: 'operator' },
        ...{ pool: 'default', service: shopService, days: 1 },
      }),
    );
    shop = await startShop({
      agent,
      agentUrl: running.agentUrl,
      key: secret,
      connected: () => running.bridge.services.agents('default'),
    });
    const link = await running.signInLink?.();
    const signIn = link === undefined ? undefined : { link, again: peopleLink(values.data) };
    const line = { ...firstLine(running, link), program: shop.program };
    process.stdout.write(values.json === true ? `${JSON.stringify(line)}\n` : `${announce(running, signIn)}${shop.describe()}`);
    await stopped;
  } finally {
    await shop?.stop();
    await stop(running, log);
  }
  return 0;
}
