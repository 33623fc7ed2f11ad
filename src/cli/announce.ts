import type { RunningBridge } from '../start.ts';

/** What scripts read: the first line of `serve --json` and `demo --json`. Keys only when they were made just now. */
export function firstLine({ mcpUrl, agentUrl, seeded }: RunningBridge): Record<string, string> {
  return {
    mcpUrl,
    agentUrl,
    ...(seeded === undefined
      ? {}
      : { readKey: seeded.readKey.secret, fullKey: seeded.fullKey.secret, enrolKey: seeded.enrolKey.secret }),
  };
}

/** The same for people, with a snippet to paste. */
export function announce(running: RunningBridge): string {
  const { mcpUrl, agentUrl, seeded } = running;
  const lines = ['Sidelight is up.', '', `  assistants  ${mcpUrl}`, `  programs    ${agentUrl}`, ''];
  if (seeded === undefined) {
    lines.push('Keys were printed on the first start of this data directory; `sidelight keys create` makes more.', '');
    return lines.join('\n');
  }
  lines.push(
    'Keys, shown only now:',
    '',
    `  read key       ${seeded.readKey.secret}   (looks, places nothing)`,
    `  full key       ${seeded.fullKey.secret}   (takes snapshots)`,
    `  enrolment key  ${seeded.enrolKey.secret}   (for agents in programs)`,
    '',
    ...clientSnippet(mcpUrl, seeded.fullKey.secret),
  );
  return lines.join('\n');
}

function clientSnippet(mcpUrl: string, key: string): string[] {
  const settings = { mcpServers: { sidelight: { type: 'http', url: mcpUrl, headers: { Authorization: `Bearer ${key}` } } } };
  return [
    'Claude Code:',
    '',
    `  claude mcp add --transport http sidelight ${mcpUrl} --header "Authorization: Bearer ${key}"`,
    '',
    'Any client that reads .mcp.json:',
    '',
    ...JSON.stringify(settings, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ];
}
