import { version } from '../version.ts';
import type { Command } from './usage.ts';

/** Every command, in the order people meet them. Each is loaded when it is called: a bridge takes half a second to load. */
const loaders: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./demo.ts')).demo,
  serve: async () => (await import('./serve.ts')).serve,
  keys: async () => (await import('./keys.ts')).keys,
  people: async () => (await import('./people.ts')).people,
  apps: async () => (await import('./apps.ts')).apps,
  agents: async () => (await import('./agents.ts')).agents,
  audit: async () => (await import('./audit.ts')).audit,
  export: async () => (await import('./export.ts')).exportCommand,
  import: async () => (await import('./import.ts')).importCommand,
  policy: async () => (await import('./policy.ts')).policy,
  redact: async () => (await import('./redact.ts')).redact,
  stdio: async () => (await import('./stdio.ts')).stdio,
  'agent-path': async () => (await import('./agent-path.ts')).agentPath,
  docs: async () => (await import('./docs.ts')).docs,
  help: async () => help,
  version: async () => showVersion,
};

/** The command of this name, or undefined. */
export async function findCommand(name: string): Promise<Command | undefined> {
  const asked = name === '--help' || name === '--version' ? name.slice(2) : name;
  return Object.hasOwn(loaders, asked) ? loaders[asked]?.() : undefined;
}

const help: Command = {
  name: 'help',
  usage: 'sidelight help\n  Shows every command.',
  async run() {
    const commands = await Promise.all(Object.values(loaders).map((load) => load()));
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
