import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fromClients } from './install.ts';

it('the TOML that the documents show parses, and says what Codex reads', async () => {
  const { parse } = await fromClients<{ parse(text: string): unknown }>('smol-toml');
  const page = readFileSync(new URL('../../docs/clients/codex.md', import.meta.url), 'utf8');
  const [[, snippet = ''] = [], ...others] = page.matchAll(/^```toml\n([\s\S]*?)^```$/gm);
  expect(others).toEqual([]);
  expect(parse(snippet)).toEqual({
    mcp_servers: {
      sidelight: { url: 'http://127.0.0.1:7433/mcp', bearer_token_env_var: 'SIDELIGHT_KEY', tool_timeout_sec: 120 },
    },
  });
});
