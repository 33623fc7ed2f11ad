import type { Migration } from './migration.ts';

/*
 * Several bridges on one database. Whether one of them is alive is said by the clock of the database, so that it does not matter when their
 * own clocks differ. Questions are gone after a crash of the server, as are those who asked them; so they are never flushed to the disk.
 */
export const replicas: Migration = {
  version: 8,
  name: 'replicas',
  statements: [
    `create function sidelight_now() returns int8 language sql volatile
       as 'select (extract(epoch from clock_timestamp()) * 1000)::int8'`,
    `create table replicas (
      id text primary key,
      host text not null,
      version text not null,
      started_at int8 not null,
      lease_until int8 not null,
      policy_hash text not null
    )`,
    'alter table agents add column replica text',
    // Whoever is connected says hello again.
    'update agents set connected = false',
    'alter table agents add column epoch int8 not null default 0',
    `alter table agents add column service text not null default ''`,
    'create index agents_of_replica on agents (replica) where connected',
    'create index connected_agents on agents (org, service) where connected',
    `alter table actions add column listeners text[] not null default '{}'`,
    `create unlogged table replica_questions (
      id text primary key,
      asked_at int8 not null,
      question text not null,
      answer text
    )`,
  ],
};
