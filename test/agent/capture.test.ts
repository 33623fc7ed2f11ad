import { expect, it } from 'vitest';
import { Capture } from '../../src/agent/values/capture.ts';

it('shows the primitive fields of an object although the time is over, and says of containers why they are missing', () => {
  const capture = new Capture(
    { depth: 3, nodes: 1_000, bytes: 100_000, deadlineMs: 0 },
    { hidden: () => undefined, secrets: undefined },
  );
  const numbers = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`n${index}`, index]));
  const captured = capture.value({ ...numbers, late: { deep: true }, total: 42 }, 'order', 1);
  expect(captured).toMatchObject({ $: 'object' });
  const fields = new Map((captured as { fields: [string, unknown][] }).fields);
  expect(fields.get('total')).toBe(42);
  expect(fields.get('late')).toMatchObject({ $: 'cut', why: 'time' });
  expect(capture.cut).toContain('time');
});
