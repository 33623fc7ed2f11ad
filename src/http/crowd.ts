import { Row } from '../lib/row.ts';
import { networkOf, siteOf } from './too-busy.ts';

/** What stands in a crowd. */
export interface Member {
  /** Where it comes from. */
  address: string;
  /** When it came to stand here, by the monotonic clock. */
  sinceMs: number;
}

/**
 * Those that may have to go, in the order in which they came. Where one network (then: one site) has more than `share` of them, its own go
 * first, so that who fills the place makes room in it. Everything takes as long with thousands as with one.
 */
export class Crowd<One extends Member> {
  readonly #share: number;
  readonly #all = new Row<One>();
  readonly #networks = new Groups<One>();
  readonly #sites = new Groups<One>();

  constructor(share: number) {
    this.#share = share;
  }

  add(one: One): void {
    this.#all.add(one);
    this.#networks.add(networkOf(one.address), one);
    this.#sites.add(siteOf(one.address), one);
  }

  delete(one: One): void {
    if (!this.#all.delete(one)) return;
    this.#networks.delete(networkOf(one.address), one);
    this.#sites.delete(siteOf(one.address), one);
  }

  /** Who goes first of those that came until then. */
  first(untilMs: number): One | undefined {
    for (const members of [this.#networks.largest(), this.#sites.largest(), this.#all]) {
      const oldest = members?.first;
      if (members === undefined || oldest === undefined || oldest.sinceMs > untilMs) continue;
      if (members === this.#all || members.size > this.#share) return oldest;
    }
    return undefined;
  }
}

/** Members by a name that several have. */
class Groups<One> {
  readonly #byName = new Map<string, Row<One>>();
  /** Names by the number of their members; the last place is never empty. */
  readonly #bySize: Row<string>[] = [];

  add(name: string, one: One): void {
    const members = this.#byName.get(name) ?? new Row();
    members.add(one);
    this.#byName.set(name, members);
    this.#sized(name, members.size - 1, members.size);
  }

  delete(name: string, one: One): void {
    const members = this.#byName.get(name);
    if (!members?.delete(one)) return;
    if (members.size === 0) this.#byName.delete(name);
    this.#sized(name, members.size + 1, members.size);
  }

  /** The members of the name that has most. */
  largest(): Row<One> | undefined {
    return this.#byName.get(this.#bySize.at(-1)?.first ?? '');
  }

  #sized(name: string, before: number, now: number): void {
    this.#bySize[before]?.delete(name);
    if (now > 0) {
      this.#bySize[now] ??= new Row();
      this.#bySize[now].add(name);
    }
    while (this.#bySize.length > 0 && !this.#bySize.at(-1)?.size) this.#bySize.pop();
  }
}
