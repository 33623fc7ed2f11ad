import { describe, expect, it } from 'vitest';
import { rateLimit } from '../../src/http/rate-limit.ts';
import { createTestClock } from '../helpers/clock.ts';

/** How many of these requests are let through in one minute. */
function passes(addresses: string[], rate = { address: 2, all: 100 }): number {
  const limit = rateLimit(createTestClock(), rate, 'tries');
  return addresses.filter((address) => {
    try {
      limit(address);
      return true;
    } catch {
      return false;
    }
  }).length;
}

describe('a limit by address', () => {
  it('counts addresses of IPv6 by their network of 64 bits, in every spelling', () => {
    expect(passes(['2001:db8::1', '2001:db8::2', '2001:db8:0:0:9::3', '2001:db8:0:0::4'])).toBe(2);
    expect(passes(['2001:db8::1', '2001:db8:0:1::1', '2001:db8:1::1', '2001:db9::1'])).toBe(4);
    expect(passes(['fe80::1%eth0', 'fe80::2%eth1', 'fe80::3'])).toBe(2);
  });

  it('counts addresses of IPv4 one by one, mapped into IPv6 or not', () => {
    expect(passes(['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'])).toBe(3);
    expect(passes(['::ffff:192.0.2.1', '::ffff:192.0.2.2', '::ffff:192.0.2.3'])).toBe(3);
  });

  it('counts among all only what it let through, so that one address is no flood of everybody', () => {
    const one = Array.from({ length: 500 }, () => '192.0.2.1');
    expect(passes([...one, '192.0.2.2', '192.0.2.3'])).toBe(4);
  });

  it('leaves three quarters of all to others than the networks of one site', () => {
    const site = Array.from({ length: 200 }, (_, network) => `2001:db8:1:${network.toString(16)}::1`);
    expect(passes(site)).toBe(25);
    expect(passes([...site, '2001:db8:2::1', '192.0.2.1'])).toBe(27);
    expect(passes(site, { address: 40, all: 100 })).toBe(40);
  });

  it('counts all together, and begins anew each minute', () => {
    const clock = createTestClock();
    const limit = rateLimit(clock, { address: 9, all: 2 }, 'tries');
    limit('192.0.2.1');
    limit('192.0.2.2');
    expect(() => limit('192.0.2.3')).toThrow('too many tries');
    clock.advance(60_000);
    limit('192.0.2.3');
  });
});
