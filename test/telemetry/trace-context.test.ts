import { describe, expect, it } from 'vitest';
import { readTraceparent, writeTraceparent } from '../../src/telemetry/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a traceparent', () => {
  it('is read and written as W3C Trace Context says', () => {
    const text = `00-${traceId}-${spanId}-01`;
    expect(readTraceparent(text)).toEqual({ traceId, spanId, isSampled: true });
    expect(writeTraceparent({ traceId, spanId, isSampled: true })).toBe(text);
    expect(readTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
    expect(readTraceparent(`00-${traceId}-${spanId}-fe`)?.isSampled, 'only the last bit is the flag').toBe(false);
  });

  it('of a later version is read as far as it is known', () => {
    expect(readTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-brings`)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    ['nothing', undefined],
    ['a number', 7],
    ['an empty text', ''],
    ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['the version that is none', `ff-${traceId}-${spanId}-01`],
    ['more than version 00 has', `00-${traceId}-${spanId}-01-more`],
    ['two headers in one', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
    ['a very long one', `cc-${traceId}-${spanId}-01-${'x'.repeat(1_000)}`],
  ])('that is %s is none', (_what, text) => {
    expect(readTraceparent(text)).toBeUndefined();
  });
});
