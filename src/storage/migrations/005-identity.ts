import type { Migration } from './migration.ts';

/*
 * People, and what the authorization server keeps. Its records (clients, codes, tokens, sign-ins under way) come before any
 * organisation is known and are found by the hash of what the holder shows, so that table has none.
 */
export const identity: Migration = {
  version: 5,
  name: 'identity',
  statements: [
    `create table people (
      org text not null,
      subject text not null,
      role text not null,
      disabled_at int8,
      checked_at int8 not null,
      described text not null,
      primary key (org, subject)
    )`,
    `create table oauth_records (
      model text not null,
      id_hash text not null,
      payload text not null,
      grant_id text,
      account text,
      uid text,
      created_at int8 not null,
      consumed_at int8,
      last_used_at int8,
      expires_at int8,
      primary key (model, id_hash)
    )`,
    'create index oauth_records_of_grant on oauth_records (grant_id) where grant_id is not null',
    'create index oauth_records_of_account on oauth_records (account, model) where account is not null',
    'create index oauth_records_by_uid on oauth_records (model, uid) where uid is not null',
    'create index oauth_records_by_age on oauth_records (expires_at) where expires_at is not null',
  ],
};
