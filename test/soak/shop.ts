import { fileURLToPath } from 'node:url';
import { markedLine } from '../helpers/program.ts';
import { startWatched, type Watched } from './watched.ts';

const sources = fileURLToPath(new URL('../../examples/shop/src/checkout.ts', import.meta.url));

/** The line of the sample shop that every order passes. */
export const shop = { source: { service: 'shop' }, file: 'src/checkout.ts', line: markedLine(sources) };

/** Starts the sample shop of the build at `root` with the real agent and its own traffic, as somebody deploys it. */
export function startShop(root: string, { agentUrl, key }: { agentUrl: string; key: string }): Watched {
  const agent = `${root}/dist/sidelight-agent/register.js`;
  return startWatched({
    args: ['--enable-source-maps', '--import', agent, 'dist/main.js'],
    cwd: `${root}/examples/shop`,
    env: { PORT: '0', SIDELIGHT_URL: agentUrl, SIDELIGHT_KEY: key, SIDELIGHT_SERVICE: 'shop' },
  });
}
