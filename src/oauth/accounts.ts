import type { Person } from '../identity/people.ts';

/** What the authorization server asks about people; sign-in answers. Ids are those of `accountId()`. */
export interface Accounts {
  /** The person as stored; undefined when unknown or disabled. Asked at every request with an access token. */
  current(id: string): Promise<Person | undefined>;
  /**
   * Asks the provider again, at every refresh: role and groups are stored as they are now. Undefined when the person may not sign
   * in any more (demoted, gone, disabled), or when the provider could not be asked for longer than the policy allows.
   */
  recheck(id: string): Promise<Person | undefined>;
}
