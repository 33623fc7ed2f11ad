import { readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { type RunningBridge, start } from '../start.ts';
import { announce, firstLine } from './announce.ts';
import { untilStopped } from './signals.ts';
import { type Command, readFlags, settingOptions } from './usage.ts';

/** Runs a bridge until SIGTERM or SIGINT. */
export const serve: Command = {
  name: 'serve',
  usage: `sidelight serve [--port N] [--data DIR] [--json] [--host ADDRESS] [--public-url URL] [--database-url URL] [--policies DIR]
  Runs the bridge: /mcp for assistants, /agent for programs. Prints keys once, on the first start of a data directory.
  --json makes the first line of stdout one JSON object. Every setting: docs/configuration.md.`,
  async run(args) {
    const { values } = readFlags(args, { ...settingOptions, json: { type: 'boolean' } });
    const config = readConfig(values, process.env);
    const log = createLog(config.logLevel);
    const stopped = untilStopped();
    const running = await start(config, { clock: systemClock, log });
    const link = await running.signInLink?.();
    reloadOnHangup(running, log);
    const signIn = link === undefined ? undefined : { link, again: peopleLink(values.data) };
    process.stdout.write(values.json === true ? `${JSON.stringify(firstLine(running, link))}\n` : announce(running, signIn));
    await stopped;
    await stop(running, log);
    return 0;
  },
};

/** SIGHUP asks a service to read its files again; what runs in a terminal ends with it as everything does. */
function reloadOnHangup(running: RunningBridge, log: ReturnType<typeof createLog>): void {
  if (process.stdout.isTTY) return;
  process.on('SIGHUP', () => {
    running.policies.reload('signal').catch((problem: unknown) => {
      if (!(problem instanceof Refusal) || problem.code === 'unavailable')
        log.error({ err: problem }, 'the policies were not read');
    });
  });
}

/** The order that makes a sign-in link, for a bridge on this data directory. */
export function peopleLink(directory: string | boolean | undefined): string {
  return typeof directory === 'string' ? `sidelight people link --data ${directory}` : 'sidelight people link';
}

/** Closes the bridge and says so. */
export async function stop(running: RunningBridge, log: ReturnType<typeof createLog>): Promise<void> {
  log.info('draining');
  await running.close();
  log.info('stopped');
}
