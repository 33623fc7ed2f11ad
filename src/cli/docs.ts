import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { printedDocs } from './printed-docs.ts';
import { type Command, readFlags, Usage } from './usage.ts';

/** Prints the documents that are made from code, or checks that they are fresh. */
export const docs: Command = {
  name: 'docs',
  usage: `sidelight docs --write DIR | --check DIR
  Writes tools.md, errors.md, configuration.md and openapi.json from the code; --check fails when one of them is stale.`,
  async run(args) {
    const { values } = readFlags(args, { write: { type: 'string' }, check: { type: 'string' } });
    const directory = values.write ?? values.check;
    if (typeof directory !== 'string') throw new Usage('Say sidelight docs --write DIR or --check DIR.');
    const stale: string[] = [];
    for (const [name, content] of Object.entries(printedDocs())) {
      const file = join(directory, name);
      if (values.write !== undefined) await writeFile(file, content);
      else if ((await readFile(file, 'utf8').catch(() => '')) !== content) stale.push(file);
    }
    if (stale.length > 0) process.stderr.write(`Stale: ${stale.join(', ')}. Run npm run docs.\n`);
    return stale.length > 0 ? 1 : 0;
  },
};
