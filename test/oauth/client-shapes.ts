/** What a real client says of itself, and what it then sends. */
export interface ClientShape {
  name: string;
  /** Where this was seen, and when. */
  source: string;
  /** Body of its registration (RFC 7591). Either this or a document. */
  registration?: Record<string, unknown>;
  /** Its document (Client ID Metadata Document); its `client_id` is where it lies. */
  document?: Record<string, unknown> & { client_id: string };
  /** Where it has codes sent, of all that it names; with a port on loopback, as it is sent. */
  redirects: string[];
  /** What it asks for; undefined where it names no scope. */
  scope?: string;
  /** Further parameters of its authorization requests. */
  asks?: Record<string, string>;
  /** Whether it names the resource again when it asks for tokens, as the MCP specification wants. */
  namesResource: boolean;
}

const publicClient = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};
const portless = ['http://localhost/callback', 'http://127.0.0.1/callback'];
const usual = 'runtime:read runtime:capture';
/** Where ChatGPT's keys lie. */
export const chatGptKeys = 'https://chatgpt.com/oauth/jwks.json';

/**
 * Real clients as data. Documents are as people recorded them (some whole, some from tables of redirects and methods), registrations as
 * their published source sends them; no client was run for this table.
 */
export const shapes: ClientShape[] = [
  {
    name: 'Claude Code',
    source:
      'github.com/anthropics/claude-code, issues 42301, 44378 and 64705, 2026-04 to 2026-06: loopback without port, no application_type',
    document: {
      client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
      client_name: 'Claude Code',
      client_uri: 'https://claude.ai',
      redirect_uris: portless,
      ...publicClient,
    },
    redirects: ['http://127.0.0.1:52163/callback', 'http://localhost:8080/callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'Claude Code that registers',
    source: 'the way it takes where documents are off; body as its SDK sends it, 2026-09',
    registration: {
      client_name: 'Claude Code (sidelight)',
      redirect_uris: ['http://localhost:52163/callback'],
      ...publicClient,
      scope: usual,
    },
    redirects: ['http://localhost:52163/callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'claude.ai',
    source: 'document recorded 2026-09-24; claude.com follows since 2026-07 (claude-ai-mcp issue 518); a grant nobody offers',
    document: {
      client_id: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
      client_name: 'Claude',
      client_uri: 'https://claude.ai',
      redirect_uris: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
      ...publicClient,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
    },
    redirects: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'ChatGPT',
    source:
      'developers.openai.com changelog 2026-08-21 and document recorded 2026-09-24: signs with a key of its own, asks for offline access',
    document: {
      client_id: 'https://chatgpt.com/oauth/client.json',
      client_name: 'ChatGPT',
      client_uri: 'https://chatgpt.com',
      logo_uri: 'https://persistent.oaistatic.com/logo.png',
      redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
      ...publicClient,
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg: 'RS256',
      jwks_uri: chatGptKeys,
    },
    redirects: ['https://chatgpt.com/connector_platform_oauth_redirect'],
    scope: `${usual} offline_access`,
    asks: { prompt: 'consent' },
    namesResource: true,
  },
  {
    name: 'ChatGPT of one connector',
    source: 'its way with servers that do not name their issuer, 2026-09: a document and a redirect for each connector',
    document: {
      client_id: 'https://chatgpt.com/oauth/cb_68d1/client.json',
      client_name: 'ChatGPT',
      redirect_uris: ['https://chatgpt.com/connector/oauth/cb_68d1'],
      ...publicClient,
    },
    redirects: ['https://chatgpt.com/connector/oauth/cb_68d1'],
    namesResource: true,
  },
  {
    name: 'Codex',
    source: 'document recorded 2026-09-24',
    document: {
      client_id: 'https://chatgpt.com/oauth/codex/client.json',
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      ...publicClient,
    },
    redirects: ['http://127.0.0.1:1455/callback', 'http://localhost:41234/callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'VS Code',
    source: 'vscode.dev document, recorded 2026-05: a port it does not keep to, the device grant',
    document: {
      client_id: 'https://vscode.dev/oauth/client-metadata.json',
      client_name: 'Visual Studio Code',
      client_uri: 'https://vscode.dev/product',
      logo_uri: 'https://code.visualstudio.com/assets/branding/code-stable.png',
      redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
      ...publicClient,
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      application_type: 'native',
    },
    redirects: ['http://127.0.0.1:33418/', 'http://127.0.0.1:58231/', 'https://vscode.dev/redirect'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'VS Code that registers',
    source:
      'github.com/microsoft/vscode, src/vs/base/common/oauth.ts, 2025-12: four redirects in one request, sites and loopback',
    registration: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://code.visualstudio.com',
      ...publicClient,
      redirect_uris: [
        ...['https://insiders.vscode.dev/redirect', 'https://vscode.dev/redirect'],
        ...['http://127.0.0.1/', 'http://127.0.0.1:33418/'],
      ],
      scope: usual,
      application_type: 'native',
    },
    redirects: ['http://127.0.0.1:58231/', 'https://insiders.vscode.dev/redirect'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'Cursor',
    source: 'redirects as it sends them 2026-06 to 2026-10, its private scheme among them, in one registration',
    registration: {
      client_name: 'Cursor',
      redirect_uris: [
        ...['cursor://anysphere.cursor-mcp/oauth/callback', 'http://localhost:8787/callback'],
        'https://www.cursor.com/agents/mcp/oauth/callback',
      ],
      ...publicClient,
    },
    redirects: [
      ...['cursor://anysphere.cursor-mcp/oauth/callback', 'http://localhost:8787/callback'],
      'https://www.cursor.com/agents/mcp/oauth/callback',
    ],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'Gemini CLI',
    source: 'github.com/google-gemini/gemini-cli, packages/core/src/mcp/oauth-provider.ts, 2026-03: an empty scope',
    registration: {
      client_name: 'Gemini CLI MCP Client',
      redirect_uris: ['http://localhost:7777/oauth/callback'],
      ...publicClient,
      scope: '',
    },
    redirects: ['http://localhost:7777/oauth/callback'],
    namesResource: true,
  },
  {
    name: 'n8n',
    source: 'github.com/n8n-io/n8n, packages/cli/src/oauth/oauth.service.ts, 2026-06: asks for every scope that is published',
    registration: {
      client_name: 'n8n',
      client_uri: 'https://n8n.io/',
      redirect_uris: ['https://n8n.example.com/rest/oauth2-credential/callback'],
      ...publicClient,
      scope: 'openid offline_access runtime:read runtime:capture runtime:admin',
    },
    redirects: ['https://n8n.example.com/rest/oauth2-credential/callback'],
    scope: 'openid offline_access runtime:read runtime:capture runtime:admin',
    namesResource: false,
  },
  {
    name: 'n8n with a secret',
    source: 'the same, where the credential says that it authenticates in the header',
    registration: {
      client_name: 'n8n',
      client_uri: 'https://n8n.io/',
      redirect_uris: ['https://n8n.example.com/rest/oauth2-credential/callback'],
      ...publicClient,
      token_endpoint_auth_method: 'client_secret_basic',
    },
    redirects: ['https://n8n.example.com/rest/oauth2-credential/callback'],
    scope: usual,
    namesResource: false,
  },
  {
    name: 'Zed',
    source: 'document recorded 2026-09-24',
    document: {
      client_id: 'https://zed.dev/oauth/client-metadata.json',
      client_name: 'Zed',
      redirect_uris: ['http://127.0.0.1/callback'],
      ...publicClient,
    },
    redirects: ['http://127.0.0.1:49152/callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'MCP Inspector',
    source: 'github.com/modelcontextprotocol/inspector, client/src/lib/auth.ts, 2026-03: a page on loopback, an empty scope',
    registration: {
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      redirect_uris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
      ...publicClient,
      scope: '',
    },
    redirects: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'opencode',
    source: 'github.com/anomalyco/opencode, pull request 47737, 2026-09-07',
    document: {
      client_id: 'https://opencode.ai/oauth/opencode/client.json',
      client_name: 'opencode',
      client_uri: 'https://opencode.ai',
      logo_uri: 'https://opencode.ai/web-app-manifest-512x512.png',
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      ...publicClient,
      token_endpoint_auth_methods_supported: ['none'],
    },
    redirects: ['http://127.0.0.1:19876/callback'],
    scope: usual,
    namesResource: true,
  },
  {
    name: 'a client that says next to nothing',
    source: 'RFC 7591 section 2: everything but redirect_uris may be left out',
    registration: { redirect_uris: ['http://127.0.0.1:3000/callback'] },
    redirects: ['http://127.0.0.1:3000/callback'],
    namesResource: false,
  },
];
