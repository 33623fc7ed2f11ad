import { Refusal } from '../lib/refusal.ts';
import type { Administrator } from './administer.ts';
import { denied, ownerOf, type Rights, unheld } from './key-bounds.ts';

/** What of a connected app says whose it is. */
export interface OwnedApp {
  id: string;
  org: string;
  /** The person who connected it. */
  subject: string;
}

/** What an API key must carry to administer apps, and a person to administer those of others. */
const needed: Rights = { scopes: ['runtime:admin'], permissions: ['dev_api'] };

class AllowedEnding<App extends OwnedApp> {
  /** Private, so that nothing which only looks like this is one. */
  readonly #by: Administrator;
  readonly app: App;

  constructor(by: Administrator, app: App) {
    this.#by = by;
    this.app = app;
    Object.freeze(this);
  }

  get by(): Administrator {
    return this.#by;
  }
}

/** Proof that this app may be ended by who asked. Only an `AppPermit` makes one. */
export type AppEnding<App extends OwnedApp = OwnedApp> = AllowedEnding<App>;

class GrantedAppPermit {
  readonly #by: Administrator;
  /** Whose apps it reaches; undefined: everybody's in the organisation. */
  readonly #own: string | undefined;

  constructor(by: Administrator) {
    const isAdmin = by.kind === 'operator' || (by.role === 'company_admin' && by.scopes.includes('runtime:admin'));
    this.#by = by;
    this.#own = isAdmin ? undefined : ownerOf(by);
    Object.freeze(this);
  }

  get org(): string {
    return this.#by.org;
  }

  /** Whose apps are listed to who asks; undefined: everybody's. Refuses to tell of another person than it may. */
  lists(person: string | undefined): string | undefined {
    const [by, own] = [this.#by, this.#own];
    if (own === undefined || by.kind === 'operator') return person;
    if (person === undefined || person === own) return own;
    const lacking = by.role === 'company_admin' ? unheld(by, needed, 'seeing the apps of others') : undefined;
    throw lacking === undefined ? denied(by, 'A company admin sees the apps of other people.', 'person') : new Refusal(lacking);
  }

  /** Allows to end an app. Refuses `not_found` where who asks does not see it; of another organisation's nobody does. */
  end<App extends OwnedApp>(app: App | undefined, id: string): AppEnding<App> {
    if (app?.org !== this.org || (this.#own ?? app.subject) !== app.subject) throw unknownApp(id);
    return new AllowedEnding(this.#by, app);
  }
}

/** Proof that somebody may administer connected apps; which, it says for each. Only `administerApps()` makes one. */
export type AppPermit = GrantedAppPermit;

/**
 * Decides whether somebody may administer connected apps. Any sign-in reaches the person's own, whatever it consented to: who wants to get
 * rid of an app must not have to give one more rights first. A key acts for its owner, and must be made for it.
 */
export function administerApps(by: Administrator): AppPermit {
  const lacking = by.kind === 'api_key' ? unheld(by, needed, 'administering connected apps') : undefined;
  if (lacking !== undefined) throw new Refusal(lacking);
  return new GrantedAppPermit(by);
}

/** The same for an app that is not there, is another organisation's, or is none of the caller's business. */
export function unknownApp(id: string): Refusal {
  return new Refusal({
    code: 'not_found',
    message: `There is no connected app ${JSON.stringify(id.slice(0, 64))}.`,
    field: 'id',
    next: 'List the apps to see their ids; those of others need a company admin with the scope runtime:admin.',
  });
}
