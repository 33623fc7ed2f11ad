/** One counter of a quota in one window, for example calls of one principal in this hour. */
export interface Spend {
  org: string;
  /** For example `calls_per_hour`. */
  quota: string;
  /** Who it is counted for, for example a principal's subject. */
  subject: string;
  amount: number;
  limit: number;
  windowMs: number;
}

export type SpendResult =
  | { ok: true; used: number; limit: number; renewsAt: number }
  | { ok: false; quota: string; used: number; limit: number; renewsAt: number };

/** Durable, atomic counters over fixed windows. An error of the store is a refusal, never a free pass. */
export interface Counters {
  /** Adds `amount` unless that would pass `limit`; nothing is added when refused. */
  spend(spend: Spend, now: number): Promise<SpendResult>;
  /** What was used in the current window. */
  used(org: string, quota: string, subject: string, windowMs: number, now: number): Promise<{ used: number; renewsAt: number }>;
}
