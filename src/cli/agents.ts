import { defaultOrg } from '../identity/issue.ts';
import type { ShownAgents } from '../orders.ts';
import { order } from './order.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

const verbs = ['list', 'pause', 'resume'];

/** Lists agents, and turns the kill switch over all of them. */
export const agents: Command = {
  name: 'agents',
  usage: `sidelight agents list
sidelight agents pause
sidelight agents resume
  pause takes every probe off every agent and refuses new ones until resume, also over a restart. Actions keep their time.
  Give the same --data as to serve; --json for scripts; --org for another organisation than ${defaultOrg}.`,
  async run(args) {
    const { values, positionals } = readFlags(args, { ...settingOptions, org: { type: 'string' }, json: { type: 'boolean' } }, 1);
    const [verb = ''] = positionals;
    if (!verbs.includes(verb)) throw new Usage('Say sidelight agents list, pause or resume.');
    const result = (await order(values, `agents.${verb}`, { org: String(values.org ?? defaultOrg) })) as ShownAgents;
    process.stdout.write(`${values.json === true ? JSON.stringify(result) : describe(result)}\n`);
    return 0;
  },
};

function describe({ pausedAt, agents: known }: ShownAgents): string {
  const rows = known.map(({ id, service, environment = '-', version = '-', pool, name, connected, lastSeenAt }) => {
    const state = connected ? 'connected' : `gone since ${new Date(lastSeenAt).toISOString()}`;
    return [id, service, environment, version, pool, name, state].join('  ');
  });
  const pause = pausedAt === undefined ? [] : [`All agents are paused since ${new Date(pausedAt).toISOString()}.`];
  return [...pause, ...(rows.length === 0 ? ['No agents within the last hour.'] : rows)].join('\n');
}
