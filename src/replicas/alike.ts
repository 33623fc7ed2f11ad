import { createHash } from 'node:crypto';
import type { Replica } from './replica-store.ts';

/** What all replicas must have in common: by it they are told apart. A replica of before does not tell all of it. */
export type Alike = Pick<Replica, 'policyHash' | 'busHash' | 'publicUrlHash'>;

/** The words of a warning for each. */
const warnings = {
  policyHash: 'other replicas decide by other policies',
  busHash:
    'other replicas have another --bus-url: neither hears what the other tells, and calls for agents of the other take seconds',
  publicUrlHash: 'other replicas have another --public-url: people and their clients are told different addresses',
} as const satisfies { [Name in keyof Alike]-?: string };

export const alikeNames = Object.keys(warnings) as (keyof Alike)[];

/** How these settings are told to the others: of a bus only where it is, because each may have a password of its own there. */
export function settingsTold(busUrl: string | undefined, publicUrl: URL | undefined): Omit<Alike, 'policyHash'> {
  const bus = busUrl === undefined ? undefined : new URL(busUrl);
  return {
    busHash: hashOf(bus === undefined ? 'postgres' : `redis ${bus.hostname} ${bus.port || '6379'}`),
    publicUrlHash: hashOf(publicUrl?.href ?? ''),
  };
}

/** Those of the others that tell something else by this name. */
export function differingIn(name: keyof Alike, own: Alike, others: readonly Replica[]): Replica[] {
  return others.filter((other) => other[name] !== undefined && other[name] !== own[name]);
}

/** What is to be said of them. */
export const warningOf = (name: keyof Alike): string => warnings[name];

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
