import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { exportLine } from '../audit/export-file.ts';
import type { ExportedRow } from '../audit/ledger.ts';
import { ordering } from './order.ts';
import { type Flags, Usage } from './usage.ts';

/** Writes records with their places in the chains as JSON lines, and a signed last line; the export itself is recorded first. */
export async function exportTrail(values: Flags, range: { since?: number; until?: number }): Promise<number> {
  if (typeof values.out !== 'string') throw new Usage('Say where to: --out FILE.');
  const path = values.out;
  const lines = await ordering(values, async (ask) => {
    const span = (await ask('audit.export', range)) as { first: number; last: number } | null | undefined;
    const hash = createHash('sha256');
    let written = 0;
    const file = await open(path, 'wx', 0o600).catch((problem: NodeJS.ErrnoException) => {
      throw new Usage(problem.code === 'EEXIST' ? `${path} is there already.` : `${path} cannot be written (${problem.code}).`);
    });
    try {
      for (let first = span?.first ?? 1; span != null && first <= span.last; ) {
        const rows = (await ask('audit.page', { first, last: span.last })) as ExportedRow[];
        const text = rows.map(exportLine).join('');
        await file.write(text);
        hash.update(text);
        written += rows.length;
        first = (rows.at(-1)?.position ?? span.last) + 1;
      }
      const trailer = await ask('audit.seal', { lines: written, sha256: hash.digest('hex') });
      await file.write(`${JSON.stringify(trailer)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    return written;
  });
  process.stdout.write(`${lines} records are in ${path}. Check it anywhere with sidelight audit verify --file.\n`);
  return 0;
}
