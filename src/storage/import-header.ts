import { Refusal } from '../lib/refusal.ts';
import { type ExportHeader, formatVersion, headerSchema } from './export-format.ts';
import { migrations } from './migrations/all.ts';

/** The first line of an export. Refuses another file, and one that a newer Sidelight wrote. */
export function readHeader(line: string): ExportHeader {
  const told = json(line);
  const { export: of, format, schema, bridge } = (told ?? {}) as Record<string, unknown>;
  if (of !== 'sidelight') throw refused('The file is no export of Sidelight.', 'Give a file that `sidelight export` wrote.');
  const newest = migrations.at(-1)?.version ?? 0;
  const by = typeof bridge === 'string' ? bridge.slice(0, 64) : 'unknown';
  if (Number(format) > formatVersion) throw newer(by, `format ${format}; this one reads up to ${formatVersion}`);
  if (Number(schema) > newest) throw newer(by, `schema ${schema}; this one knows up to ${newest}`);
  const header = headerSchema.safeParse(told);
  if (header.success) return header.data;
  throw refused('The first line of the file is not as an export writes it.', 'Take another copy of the file, or export again.');
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function newer(by: string, what: string): Refusal {
  return refused(`The file was written by a newer Sidelight (${by}: ${what}).`, 'Import it with that version or a newer one.');
}

function refused(message: string, next: string): Refusal {
  return new Refusal({ code: 'invalid_input', message, field: 'from', next: `Nothing was imported. ${next}` });
}
