import type { Migration } from './migration.ts';

/** Actions belong to investigations; each one that is there already is an investigation of its own. One may bound the hits of an agent. */
export const investigations: Migration = {
  version: 4,
  name: 'investigations',
  statements: [
    'alter table actions add column investigation text',
    'update actions set investigation = id',
    'alter table actions alter column investigation set not null',
    'create index actions_of_investigation on actions (org, principal, investigation)',
    'alter table actions add column max_hits_per_agent int',
    `create index actions_shared_out on actions (org, id) where status = 'pending' and max_hits_per_agent is not null`,
  ],
};
