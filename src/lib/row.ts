interface Place<One> {
  one: One;
  before: Place<One> | undefined;
  behind: Place<One> | undefined;
}

/**
 * Things in the order in which they were added. A Set keeps that as well, but to find its first is to walk over all that were deleted
 * since it was last laid out anew; here everything takes the same time.
 */
export class Row<One> {
  readonly #places = new Map<One, Place<One>>();
  #front: Place<One> | undefined;
  #end: Place<One> | undefined;

  get size(): number {
    return this.#places.size;
  }

  /** The one that has been in it for longest. */
  get first(): One | undefined {
    return this.#front?.one;
  }

  /** Puts it at the end; one that is in it stays where it is. */
  add(one: One): void {
    if (this.#places.has(one)) return;
    const place: Place<One> = { one, before: this.#end, behind: undefined };
    if (this.#end === undefined) this.#front = place;
    else this.#end.behind = place;
    this.#end = place;
    this.#places.set(one, place);
  }

  /** Whether it was in it. */
  delete(one: One): boolean {
    const place = this.#places.get(one);
    if (place === undefined) return false;
    const { before, behind } = place;
    if (before === undefined) this.#front = behind;
    else before.behind = behind;
    if (behind === undefined) this.#end = before;
    else behind.before = before;
    return this.#places.delete(one);
  }
}
