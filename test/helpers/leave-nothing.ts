import { afterAll, expect, vi } from 'vitest';

// Many files run in one process, one after the other: what one of them leaves changed would change the next one. What is set with
// `vi.stubEnv` is taken back here.

const before = { ...process.env };

afterAll(() => {
  vi.unstubAllEnvs();
  const names = new Set([...Object.keys(before), ...Object.keys(process.env)]);
  // Their names alone: a value may be a secret of whoever runs the tests.
  const variables = [...names].filter((name) => process.env[name] !== before[name]);
  const hasFakeTime = vi.isFakeTimers();
  vi.useRealTimers();
  for (const name of variables) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
  expect({ hasFakeTime, variables }, 'what this file leaves to the next one').toEqual({ hasFakeTime: false, variables: [] });
});
