import type { Labels, MetricName, Named } from './catalogue.ts';

/** What a gauge shows when somebody looks: one number, or one for each value of its label. */
export type Reading = number | Readonly<Record<string, number>>;

/** Where the stages tell what they do. Never throws, and never waits. */
export interface Telemetry {
  count<Name extends Named<'counter'>>(name: Name, labels: Labels<Name>, by?: number): void;
  /** In the unit of the metric's name. */
  observe<Name extends Named<'histogram'>>(name: Name, labels: Labels<Name>, value: number): void;
  /** Asked at every look; one that fails or takes long is left out. For metrics of at most one label. */
  gauge<Name extends Named<'gauge'>>(name: Name, read: () => Reading | Promise<Reading>): void;
}

/** For a bridge whose numbers nobody reads. */
export const noTelemetry: Telemetry = { count: () => {}, observe: () => {}, gauge: () => {} };

/** The word where it is one of these, else `other`: for what comes from outside. */
export function oneOf(words: ReadonlySet<string>, word: string): string {
  return words.has(word) ? word : 'other';
}

export type { MetricName };
