import { limits } from '../protocol/limits.ts';

/** How long a call of one client may wait. */
export interface ClientWaits {
  /** When the caller says nothing. */
  defaultSeconds: number;
  /** At most, whatever the caller says. */
  longestSeconds: number;
  /** What sets the longest, as the end of a sentence. */
  why: string;
}

/** Below the 60 s at which clients give up that are made with an SDK and no settings of their own: n8n, LangChain, OpenAI Agents, Mastra. */
const unknownSeconds = 50;
/** Long enough for any action of the default life; longer, and a person wonders. Claude Code sends a call to the background at 120 s. */
const patientSeconds = 110;

const noLimit = { longestSeconds: limits.maxTimeoutSeconds, why: 'no action lives longer' };

/**
 * Clients known to wait longer, by the beginning of the name they give (`clientInfo.name`, or `User-Agent`), as seen in November 2026:
 * Claude Code 2.1.329 (gives up after 5 min without a word, and gets one every 10 s) and Gemini CLI 0.61 in their programs, the Vercel
 * AI SDK 2.0.99 in its source, curl in its manual, Claude and VS Code by reports of their users. Progress moves none of these limits.
 */
const known: (Pick<ClientWaits, 'longestSeconds' | 'why'> & { client: RegExp })[] = [
  { client: /^claude-code\b/i, ...noLimit },
  { client: /^claude-ai\b/i, longestSeconds: 230, why: 'Claude Desktop and claude.ai end a call after 4 minutes' },
  { client: /^visual[- ]studio[- ]code\b/i, ...noLimit },
  { client: /^gemini-cli\b/i, longestSeconds: 570, why: 'Gemini CLI ends a call after 10 minutes' },
  { client: /^ai-sdk-mcp-client\b/i, ...noLimit },
  { client: /^curl\//i, ...noLimit },
];

/**
 * How long a call of this client may wait. One that is not known and asked for progress has its own way to wait, so it gets what it
 * asks for.
 */
export function waitsOf(client: string | undefined, hasProgress: boolean): ClientWaits {
  const row = known.find((each) => each.client.test(client ?? ''));
  if (row !== undefined) return { defaultSeconds: patientSeconds, longestSeconds: row.longestSeconds, why: row.why };
  if (hasProgress) return { defaultSeconds: unknownSeconds, ...noLimit };
  const why = 'most clients end a call after 60 s, unless they asked for progress';
  return { defaultSeconds: unknownSeconds, longestSeconds: unknownSeconds, why };
}

/** What a call waits: what it asks for, as far as its client would wait, less what it stood in line; and a note when that is less. */
export function waitOf(
  { waits, queuedMs }: { waits: ClientWaits; queuedMs: number },
  askedSeconds: number,
): { waitMs: number; notes: string[] } {
  const { longestSeconds, why } = waits;
  const waitMs = Math.max(0, Math.min(askedSeconds, longestSeconds) * 1_000 - queuedMs);
  const notes = askedSeconds > longestSeconds ? [`This call waited ${longestSeconds} s at most, because ${why}.`] : [];
  return { waitMs, notes };
}
