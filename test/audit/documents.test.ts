import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auditEvents } from '../../src/audit/events.ts';
import { tamperings } from '../../src/audit/tampering.ts';

const page = readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8');

/** The rows of the table below a heading, first cell without its code marks. */
function rowsOf(head: string): Record<string, string> {
  const [, table = ''] = page.split(`| ${head} |`);
  const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \| (.+) \|$/gm)];
  return Object.fromEntries(rows.map(([, name = '', meaning = '']) => [name, meaning]));
}

describe('docs/audit.md', () => {
  it('has every event, as the code says it', () => expect(rowsOf('Event | When')).toEqual(auditEvents));

  it('has everything that checking finds, as the code says it', () => expect(rowsOf('Found | Meaning')).toEqual(tamperings));
});
