/** One thing the authorization server keeps: a client, a code, a token, a grant, a session, a sign-in under way. */
export interface OAuthRecord {
  /** What it is: `AccessToken`, `Client`, `Grant`, … or a word of our own. */
  model: string;
  /** SHA-256 of the id, hex. The id of a token is the token itself, so it is never stored. */
  idHash: string;
  /** Holds neither the id nor a secret in the clear. */
  payload: Record<string, unknown>;
  /** What is taken back together. The record of model `Grant` has its own id here. */
  grantId?: string;
  /** `accountId()` of the person. */
  account?: string;
  /** A second name that is no secret, by which sessions and interactions are found. */
  uid?: string;
  /** Milliseconds since the epoch, as all instants. */
  createdAt: number;
  consumedAt?: number;
  lastUsedAt?: number;
  /** Absent: it stays until it is removed. */
  expiresAt?: number;
}

/** What the authorization server asks of storage. What is past its end is not found, whether it is deleted yet or not. */
export interface OAuthRecordStore {
  /**
   * Inserts, or replaces all but `consumedAt`, `createdAt` and `lastUsedAt`. False, and nothing stored, when it belongs to a grant that
   * is gone: what is issued while a grant is revoked goes with it.
   */
  put(record: OAuthRecord): Promise<boolean>;
  find(model: string, idHash: string, now: number): Promise<OAuthRecord | undefined>;
  findByUid(model: string, uid: string, now: number): Promise<OAuthRecord | undefined>;
  /** Marks it as used up. Exactly one of many callers gets true, over all bridges. */
  consume(model: string, idHash: string, now: number): Promise<boolean>;
  /** Takes it out: exactly one of many callers gets it. */
  take(model: string, idHash: string, now: number): Promise<OAuthRecord | undefined>;
  remove(model: string, idHash: string): Promise<void>;
  /** Removes the grant and everything that came of it; how many records that were. */
  removeGrant(grantId: string): Promise<number>;
  /** Removes all that is a person's, sign-ins under way among it, so that whoever has the name next takes over none of it. */
  removeOfAccount(account: string): Promise<void>;
  /**
   * Records of one model, newest first: of one person where `account` is given, of one organisation's people where `org` is, those of
   * whose grant there is a token that is good where `hasToken` is set.
   */
  list(
    model: string,
    filter: { account?: string; org?: string; hasToken?: boolean; limit: number },
    now: number,
  ): Promise<OAuthRecord[]>;
  /** Notes a use, at most once a minute. */
  touch(model: string, idHash: string, now: number): Promise<void>;
  /** Deletes what is past its end; how many. */
  removeExpired(now: number): Promise<number>;
}
