import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { operatorTrail } from '../audit/operator.ts';
import { nobodysOrg } from '../audit/turned-away.ts';
import { type Config, readConfig } from '../config.ts';
import { askControl } from '../control.ts';
import { systemClock as clock } from '../lib/clock.ts';
import { createLog } from '../lib/log.ts';
import { openExisting, type Storage } from '../storage/open.ts';
import { version } from '../version.ts';
import { intoFile, intoOutput } from './export-target.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

/** Writes the whole store, while the bridge goes on or while none runs. */
export const exportCommand: Command = {
  name: 'export',
  usage: `sidelight export --to FILE|-
  Writes everything the store holds as JSON lines, as it is at one moment, while the bridge goes on: a backup, and the way to another store.
  - writes to standard output. The master secret is not in it. Give the same --data or --database-url as to serve.`,
  async run(args) {
    const { values } = readFlags(args, { ...settingOptions, to: { type: 'string' } });
    if (typeof values.to !== 'string' || values.to === '')
      throw new Usage('Say where to: --to FILE, or --to - for standard output.');
    const { to } = values;
    if (to === '-' && process.stdout.isTTY)
      throw new Usage('An export is not for the terminal; name a file, or lead it into a program.');
    const tables = await withStore(readConfig(values, process.env), (storage) => {
      const write = (take: (text: string) => Promise<void>) => storage.exportTo({ version, clock }, take);
      return to === '-' ? intoOutput(process.stdout, write) : intoFile(to, write);
    });
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    process.stderr.write(
      `${rows} rows of ${tables.length} tables are ${to === '-' ? 'written' : `in ${to}`}. Keep the master secret apart from it; an import asks for it.\n`,
    );
    return 0;
  },
};

/** The store of the running bridge as it is now, or the one that is there while none runs. That it is exported is recorded first. */
async function withStore<T>(config: Config, run: (storage: Storage) => Promise<T>): Promise<T> {
  const log = createLog(config.logLevel);
  const { dataDirectory } = config;
  const asked = config.databaseUrl === undefined ? await askControl(dataDirectory, 'store.copy', {}) : undefined;
  const copy = (asked?.result as { directory: string } | undefined)?.directory;
  const secretFile = config.secretFile === '' ? join(dataDirectory, 'secret') : config.secretFile;
  const settings = copy === undefined ? config : { ...config, dataDirectory: copy, secretFile };
  try {
    const storage = await openExisting(settings, { clock, log });
    try {
      const { audit } = storage.stores;
      if (copy === undefined) await operatorTrail({ audit, clock, log }).record('store_exported', nobodysOrg, 'operator');
      return await run(storage);
    } finally {
      await storage.close();
    }
  } finally {
    if (copy !== undefined) await rm(copy, { recursive: true, force: true });
  }
}
