import type { Migration } from './migration.ts';

/*
 * What is searched for or counted has a column; everything else of a record is JSON in a `text` column. Not `jsonb`: that
 * cannot hold the character U+0000, which strings of a debugged program may well contain. Instants are milliseconds since the
 * epoch. Every table carries the organisation, and statements for a caller ask for it.
 */
export const start: Migration = {
  version: 1,
  name: 'start',
  statements: [
    `create table api_keys (
      id text primary key,
      kind text not null,
      org text not null,
      name text not null,
      owner text not null,
      hash text not null,
      created_at int8 not null,
      expires_at int8 not null,
      last_used_at int8,
      last_used_from text,
      revoked_at int8,
      rotated_to text,
      rights text not null
    )`,
    'create index api_keys_of_org on api_keys (org, created_at)',
    `create table quota_counters (
      org text not null,
      quota text not null,
      subject text not null,
      window_ms int8 not null,
      window_start int8 not null,
      used int8 not null,
      primary key (org, quota, subject, window_ms, window_start)
    )`,
    'create index quota_counters_by_age on quota_counters (window_start)',
    `create table actions (
      org text not null,
      id text not null,
      principal text not null,
      status text not null,
      status_reason text,
      max_hits int not null,
      hits int not null default 0,
      created_at int8 not null,
      expires_at int8 not null,
      ended_at int8,
      asked text not null,
      primary key (org, id),
      check (hits between 0 and max_hits)
    )`,
    `create index live_actions on actions (org, principal) where status = 'pending'`,
    `create index actions_by_end on actions (expires_at) where status = 'pending'`,
    `create index ended_actions on actions (ended_at) where status <> 'pending'`,
    'create index actions_newest on actions (org, created_at desc, id desc)',
    `create table action_targets (
      org text not null,
      action_id text not null,
      agent_id text not null,
      position int not null,
      agent_name text not null,
      pool text not null,
      service text not null,
      state text not null,
      hits int not null,
      report text not null,
      primary key (org, action_id, agent_id),
      foreign key (org, action_id) references actions (org, id) on delete cascade
    )`,
    'create index targets_of_agent on action_targets (org, agent_id)',
    `create table hits (
      org text not null,
      action_id text not null,
      number int not null,
      agent_id text not null,
      agent_hit int not null,
      agent_name text not null,
      captured_at int8 not null,
      received_at int8 not null,
      capture text not null,
      primary key (org, action_id, number),
      unique (org, action_id, agent_id, agent_hit),
      foreign key (org, action_id) references actions (org, id) on delete cascade
    )`,
    `create table agents (
      org text not null,
      id text not null,
      connected boolean not null,
      last_seen_at int8 not null,
      described text not null,
      primary key (org, id)
    )`,
    'create index agents_by_age on agents (org, last_seen_at)',
    `create table audit (
      seq int8 generated always as identity primary key,
      org text not null,
      at int8 not null,
      record text not null
    )`,
    'create index audit_of_org on audit (org, seq)',
    'create index audit_by_age on audit (at)',
  ],
};
