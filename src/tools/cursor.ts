import type { z } from 'zod';
import { Refusal } from '../lib/refusal.ts';

/** A place in a list as opaque text. It grants nothing: every page is authorized again. */
export function writeCursor(place: object): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Reads what `writeCursor` wrote; anything else is refused. */
export function readCursor<T extends z.ZodType>(cursor: string, schema: T): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new Refusal({
      code: 'invalid_input',
      message: 'The cursor is not one this tool gave.',
      field: 'cursor',
      next: 'Leave it out to start at the first page.',
    });
  }
}
