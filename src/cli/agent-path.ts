import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../lib/refusal.ts';
import { type Command, readFlags } from './usage.ts';

/** The stand-alone agent that the build leaves: the file to give to `node --import`. */
export function agentEntry(): string {
  const entry = fileURLToPath(new URL('../sidelight-agent/register.js', import.meta.url));
  if (existsSync(entry)) return entry;
  throw new Refusal({ code: 'not_found', message: `The agent is not built: ${entry} is missing.`, next: 'Run npm run build.' });
}

/** Prints where the agent is. */
export const agentPath: Command = {
  name: 'agent-path',
  usage: `sidelight agent-path [--directory]
  Prints the file to start a program with: node --import "$(npx sidelight agent-path)" app.js
  --directory prints the package directory it is in, for npm pack and npm install.`,
  async run(args) {
    const { values } = readFlags(args, { directory: { type: 'boolean' } });
    const entry = agentEntry();
    process.stdout.write(`${values.directory === true ? dirname(entry) : entry}\n`);
    return 0;
  },
};
