#!/usr/bin/env node
import { Refusal } from '../lib/refusal.ts';
import { toldToOperator } from '../storage/database-trouble.ts';
import { findCommand } from './commands.ts';
import { explainProblem, Usage } from './usage.ts';

/** Exit codes: 0 done, 1 refused or failed, 2 called wrongly. */
async function main(args: string[]): Promise<number> {
  const [name = 'help', ...rest] = args;
  const command = await findCommand(name);
  if (command === undefined) throw new Usage(`There is no command ${JSON.stringify(name)}.`);
  if (rest.includes('--help')) {
    process.stdout.write(`${command.usage}\n`);
    return 0;
  }
  return command.run(rest);
}

// Whoever reads our output may stop reading (`| head`); that is no failure, and a bridge that serves goes on.
process.stdout.on('error', (problem: NodeJS.ErrnoException) => {
  if (problem.code !== 'EPIPE') throw problem;
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const problem = toldToOperator(thrown);
  process.stderr.write(`${explainProblem(problem)}\n`);
  process.exitCode = problem instanceof Usage ? 2 : 1;
  if (!(problem instanceof Usage) && !(problem instanceof Refusal)) throw problem;
}
