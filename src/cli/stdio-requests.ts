import type { JSONRPCRequest } from '@modelcontextprotocol/client';

export type RequestId = JSONRPCRequest['id'];

/** A request that the client waits for. */
export interface Pending {
  request: JSONRPCRequest;
  stop: AbortController;
}

/** What the client waits for, by the ids it gave. */
export class Requests {
  readonly #waiting = new Map<RequestId, Pending>();
  readonly #onIdle = new Set<() => void>();

  get size(): number {
    return this.#waiting.size;
  }

  add(pending: Pending): void {
    this.#waiting.set(pending.request.id, pending);
  }

  /** Takes a request out, once. */
  settle(id: RequestId): Pending | undefined {
    const pending = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.size === 0) this.forget();
    return pending;
  }

  /** Resolves when nothing is waited for. */
  async idle(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => this.#onIdle.add(resolve));
  }

  forget(): void {
    this.#waiting.clear();
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle.clear();
  }
}
