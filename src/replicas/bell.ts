/**
 * Rings at other replicas. A note comes at most once, soon and in no promised order; one that is lost must do no harm, because everything it
 * tells of is in the database, where it is looked for now and then.
 */
export interface Bell {
  /** Never rejects and never waits. */
  ring(replicas: readonly string[], note: string): void;
  close(): Promise<void>;
}

/** What hears. */
export interface Ear {
  heard(note: string): void;
  /** Notes may have been lost: look at everything again. */
  missed(): void;
}

/** For a bridge that is alone on its data. */
export const silentBell: Bell = { ring: () => undefined, close: async () => undefined };
