import type { RunningBridge } from '../start.ts';

/** What scripts read: the first line of `serve --json` and `demo --json`. Keys only when they were made just now. */
export function firstLine({ mcpUrl, agentUrl, bridgeKey, seeded }: RunningBridge, signInLink?: string): Record<string, string> {
  return {
    mcpUrl,
    agentUrl,
    bridgeKey,
    ...(signInLink === undefined ? {} : { signInLink }),
    ...(seeded === undefined
      ? {}
      : { readKey: seeded.readKey.secret, fullKey: seeded.fullKey.secret, enrolKey: seeded.enrolKey.secret }),
  };
}

/** Where the built-in sign-in is entered, and the order that makes another such link. */
export interface SignInHint {
  link: string;
  again: string;
}

/** The same for people, with a snippet to paste. */
export function announce(running: RunningBridge, signIn?: SignInHint): string {
  const { bridge, mcpUrl, agentUrl, bridgeKey, seeded } = running;
  const addresses = [
    `  assistants  ${mcpUrl}`,
    `  programs    ${agentUrl}`,
    `  bridge key  ${bridgeKey}   (SIDELIGHT_BRIDGE_KEY)`,
  ];
  const lines = ['Sidelight is up.', '', ...addresses, '', ...(signIn === undefined ? [] : withoutKey(mcpUrl, signIn))];
  if (seeded === undefined) {
    const store = bridge.config.databaseUrl === undefined ? 'data directory' : 'database';
    lines.push(`Keys were printed on the first start with this ${store}; \`sidelight keys create\` makes more.`, '');
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

/** How a client gets in that is told the address alone. */
function withoutKey(mcpUrl: string, { link, again }: SignInHint): string[] {
  return [
    'To sign in instead of using a key, open this link in a browser of this computer. It works once, for an hour:',
    '',
    `  ${link}`,
    '',
    'Then, within ten minutes, give your client the address alone; it opens that browser, and you press Allow:',
    '',
    `  claude mcp add --transport http sidelight ${mcpUrl}`,
    '',
    `Each link is good for one client. Another one: ${again}`,
    '',
  ];
}

function clientSnippet(mcpUrl: string, key: string): string[] {
  const settings = { mcpServers: { sidelight: { type: 'http', url: mcpUrl, headers: { Authorization: `Bearer ${key}` } } } };
  return [
    'Claude Code with a key:',
    '',
    `  claude mcp add --transport http sidelight ${mcpUrl} --header "Authorization: Bearer ${key}"`,
    '',
    'Any client that reads .mcp.json, with a key:',
    '',
    ...JSON.stringify(settings, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ];
}
