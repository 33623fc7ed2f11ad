import type { Clock } from '../lib/clock.ts';

/** A `fetch` that gives up when the other side says nothing for `maxSilentMs`, before its answer or in the middle of it. */
export function fetchUnlessSilent(clock: Clock, maxSilentMs: number): typeof fetch {
  return async (input, init) => {
    const stop = new AbortController();
    const forward = () => stop.abort(init?.signal?.reason);
    if (init?.signal?.aborted) forward();
    init?.signal?.addEventListener('abort', forward, { once: true });
    const listen = () => clock.after(maxSilentMs, () => stop.abort(silence(maxSilentMs)));
    let callOff = listen();
    const heard = () => {
      callOff();
      callOff = listen();
    };
    const end = () => {
      callOff();
      init?.signal?.removeEventListener('abort', forward);
    };
    try {
      const response = await fetch(input, { ...init, signal: stop.signal });
      heard();
      if (response.body === null) {
        end();
        return response;
      }
      const body = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            heard();
            controller.enqueue(chunk);
          },
          flush: end,
        }),
      );
      const { status, statusText, headers } = response;
      return new Response(body, { status, statusText, headers });
    } catch (problem) {
      end();
      throw problem;
    }
  };
}

function silence(maxSilentMs: number): Error {
  const cause = new Error(`nothing came for ${maxSilentMs / 1000} s`);
  return new Error('The other side fell silent.', { cause });
}
