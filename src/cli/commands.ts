import { version } from '../version.ts';
import { agentPath } from './agent-path.ts';
import { agents } from './agents.ts';
import { audit } from './audit.ts';
import { demo } from './demo.ts';
import { docs } from './docs.ts';
import { keys } from './keys.ts';
import { policy } from './policy.ts';
import { serve } from './serve.ts';
import type { Command } from './usage.ts';

const help: Command = {
  name: 'help',
  usage: 'sidelight help\n  Shows every command.',
  async run() {
    process.stdout.write(`Sidelight ${version}: ask a running program what its variables are.\n\n`);
    for (const { usage } of commands) process.stdout.write(`${usage}\n\n`);
    return 0;
  },
};

const showVersion: Command = {
  name: 'version',
  usage: 'sidelight version\n  Prints the version.',
  async run() {
    process.stdout.write(`${version}\n`);
    return 0;
  },
};

/** Every command, in the order people meet them. */
export const commands: Command[] = [demo, serve, keys, agents, audit, policy, agentPath, docs, help, showVersion];
