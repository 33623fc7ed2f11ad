import { describe, expect, it } from 'vitest';
import { isListed, readAddresses } from '../../src/identity/address-list.ts';

describe('an address list', () => {
  it.each([
    { entry: '10.1.2.3', kept: '10.1.2.3' },
    { entry: ' 10.0.0.0/8 ', kept: '10.0.0.0/8' },
    { entry: '0.0.0.0/0', kept: '0.0.0.0/0' },
    { entry: '2001:DB8:0:0:0:0:0:1', kept: '2001:db8::1' },
    { entry: '2001:db8::/32', kept: '2001:db8::/32' },
    { entry: '::ffff:10.1.2.3', kept: '10.1.2.3' },
    { entry: '::ffff:0a01:0203', kept: '10.1.2.3' },
    { entry: '::ffff:10.0.0.0/104', kept: '10.0.0.0/8' },
  ])('keeps $entry as $kept', ({ entry, kept }) => expect(readAddresses([entry])).toEqual([kept]));

  it.each([
    ...['', 'example.com', '10.1', '010.0.0.1', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/', '/8', '10.0.0.0/8/8'],
    ...['::1/129', 'fe80::1%eth0', '[::1]', '::ffff:10.0.0.0/95', '10.0.0.1:80', 'http://10.0.0.1', '10.0.0.*', 7, null],
  ])('does not take %j', (entry) => {
    expect(() => readAddresses([entry])).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('has at least one entry and at most 32, each once', () => {
    for (const wrong of [[], '10.0.0.1', undefined, Array.from({ length: 33 }, (_, at) => `10.0.0.${at}`)])
      expect(() => readAddresses(wrong)).toThrow('1 to 32');
    expect(readAddresses(['10.0.0.1', '::ffff:10.0.0.1'])).toEqual(['10.0.0.1']);
  });

  it.each([
    { list: ['10.0.0.0/8'], from: '10.255.255.255', listed: true },
    { list: ['10.0.0.0/8'], from: '11.0.0.0', listed: false },
    { list: ['10.0.0.0/8'], from: '::ffff:10.9.9.9', listed: true },
    { list: ['10.0.0.0/8'], from: '::ffff:a09:909', listed: true },
    { list: ['10.1.2.3'], from: '10.1.2.4', listed: false },
    { list: ['10.1.2.77/24'], from: '10.1.2.4', listed: true },
    { list: ['2001:db8::/32'], from: '2001:db8:ffff::1', listed: true },
    { list: ['2001:db8::/32'], from: '2001:db9::1', listed: false },
    { list: ['fe80::/10'], from: 'fe80::1%eth0', listed: true },
    { list: ['::/0'], from: '10.0.0.1', listed: false },
    { list: ['0.0.0.0/0'], from: '2001:db8::1', listed: false },
    { list: ['192.0.2.1', '::1'], from: '::1', listed: true },
    { list: ['0.0.0.0/0', '::/0'], from: undefined, listed: false },
    { list: ['0.0.0.0/0', '::/0'], from: '', listed: false },
    { list: ['0.0.0.0/0', '::/0'], from: 'localhost', listed: false },
  ])('$list has $from: $listed', ({ list, from, listed }) => expect(isListed(readAddresses(list), from)).toBe(listed));
});
