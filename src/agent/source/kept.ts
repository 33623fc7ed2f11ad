/** What was read, up to a size: what was used longest ago goes first, the last never. */
export class Kept<Value> {
  readonly #maxSize: number;
  readonly #values = new Map<string, { value: Value; size: number }>();
  #size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** What is kept under a key, else what `read` gives now, with its size; undefined is not kept. */
  get(key: string, read: () => { value: Value; size: number }): Value {
    const known = this.#values.get(key);
    this.#values.delete(key);
    const one = known ?? read();
    if (one.value === undefined) return one.value;
    this.#values.set(key, one);
    if (known === undefined) this.#size += one.size;
    for (const [oldest, { size }] of this.#values) {
      if (this.#size <= this.#maxSize || oldest === key) break;
      this.#values.delete(oldest);
      this.#size -= size;
    }
    return one.value;
  }
}
