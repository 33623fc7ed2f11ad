/** Backoff between connections: doubled from the first to the last, moved by up to a quarter so that a fleet spreads. */
export const backoffMs = { first: 500, last: 30_000, refused: 5 * 60_000 } as const;

/** How long to wait before connection `attempt` (from 0); `chance` is between 0 and 1. */
export function waitMs(attempt: number, refused: boolean, chance: number): number {
  const base = refused ? backoffMs.refused : Math.min(backoffMs.last, backoffMs.first * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + chance / 2));
}

/** What an answer to the upgrade means to whoever runs the program, and whether trying again soon makes sense. */
export function explainStatus(status: number, url: string): { message: string; refused: boolean } {
  const known = statuses[status];
  if (known !== undefined) return known;
  if (status >= 300 && status < 400) {
    return { message: `${url} answered with a redirect (${status}); set SIDELIGHT_URL to where it leads`, refused: false };
  }
  return { message: `${url} answered ${status} instead of a WebSocket; check SIDELIGHT_URL`, refused: false };
}

const statuses: Record<number, { message: string; refused: boolean }> = {
  401: { message: 'the bridge does not know SIDELIGHT_KEY (wrong, revoked or expired)', refused: true },
  403: { message: 'SIDELIGHT_KEY may not be used for this service', refused: true },
  404: { message: 'there is no bridge at this path; check SIDELIGHT_URL', refused: false },
  426: { message: 'the bridge speaks another version of the protocol; update the agent', refused: true },
  429: { message: 'too many keys that are not good came to the bridge from this address', refused: false },
  502: { message: 'the bridge is not there (502)', refused: false },
  503: { message: 'the bridge is starting, draining or full (503)', refused: false },
};
