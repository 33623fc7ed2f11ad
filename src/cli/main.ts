#!/usr/bin/env node
import { Refusal } from '../lib/refusal.ts';
import { commands } from './commands.ts';
import { explainProblem, Usage } from './usage.ts';

/** Exit codes: 0 done, 1 refused or failed, 2 called wrongly. */
async function main(args: string[]): Promise<number> {
  const [name = 'help', ...rest] = args;
  const command = commands.find(
    (each) =>
      each.name === name || (name === '--help' && each.name === 'help') || (name === '--version' && each.name === 'version'),
  );
  if (command === undefined) throw new Usage(`There is no command ${JSON.stringify(name)}.`);
  if (rest.includes('--help')) {
    process.stdout.write(`${command.usage}\n`);
    return 0;
  }
  return command.run(rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (problem) {
  process.stderr.write(`${explainProblem(problem)}\n`);
  process.exitCode = problem instanceof Usage ? 2 : 1;
  if (!(problem instanceof Usage) && !(problem instanceof Refusal)) throw problem;
}
