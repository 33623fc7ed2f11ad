import { Usage } from './usage.ts';

const unitMs: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant as people write it: a date or a time of ISO 8601 (UTC unless it says otherwise), or how long ago: `90m`, `24h`, `7d`. */
export function readInstant(flag: string, text: string | boolean | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d{1,6})([mhd])$/.exec(String(text));
  if (ago !== null) return now - Number(ago[1]) * (unitMs[ago[2] ?? ''] ?? 0);
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(String(text));
  const at = Date.parse(/T/.test(String(text)) && !hasZone ? `${text}Z` : String(text));
  if (/^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/i.test(String(text)) && !Number.isNaN(at)) return at;
  throw new Usage(`--${flag} is an instant such as 2026-01-31, 2026-01-31T08:00Z or 24h.`);
}
