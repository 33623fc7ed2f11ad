import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { OpenCalls } from '../../src/http/open-calls.ts';

it('holds what calls asked for up to 32 MiB in all, and takes others again when those end', () => {
  const calls = new OpenCalls();
  const response = () => new EventEmitter() as ServerResponse;
  const large = Array.from({ length: 128 }, response);
  for (const each of large) calls.enter(each, 256 * 1024);
  expect(() => calls.enter(response(), 1)).toThrow('as many open calls as it can');
  calls.enter(response());
  expect(calls.open).toBe(129);
  large[0]?.emit('close');
  calls.enter(response(), 256 * 1024);
  expect(() => calls.enter(response(), 1)).toThrow('as many open calls as it can');
});
