import { open } from 'node:fs/promises';
import { readConfig } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import { importStore } from '../storage/import.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

/** Fills an empty store with an export. */
export const importCommand: Command = {
  name: 'import',
  usage: `sidelight import --from FILE|- [--data DIR] [--database-url URL] [--secret-file FILE]
  Fills an empty store with what sidelight export wrote, all of it or nothing; - reads standard input. Asks for the master secret of the store
  it came from, as the file secret of --data or by --secret-file. Start the bridge afterwards.`,
  async run(args) {
    const { values } = readFlags(args, { ...settingOptions, from: { type: 'string' } });
    if (typeof values.from !== 'string' || values.from === '')
      throw new Usage('Say what: --from FILE, or --from - for standard input.');
    const config = readConfig(values, process.env);
    const source = values.from === '-' ? process.stdin : await reading(values.from);
    const surroundings = { clock: systemClock, log: createLog(config.logLevel) };
    const { header, isSealed } = await importStore(config, source, surroundings);
    const rows = header.tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      `${rows} rows of ${header.tables.length} tables are imported, as they were at ${new Date(header.at).toISOString()}.\n${
        isSealed ? '' : 'Nobody can say whether the file was altered on purpose: its seal is under another master secret.\n'
      }`,
    );
    return 0;
  },
};

async function reading(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = await open(path, 'r').catch((problem: NodeJS.ErrnoException) => {
    throw new Refusal({
      code: 'not_found',
      message: `${path} cannot be read (${problem.code}).`,
      field: 'from',
      next: 'Give a file that sidelight export wrote.',
    });
  });
  return file.createReadStream();
}
