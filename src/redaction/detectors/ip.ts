import { BlockList, isIPv6 } from 'node:net';
import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

const v4 = /(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\w|\.\d|-[a-z])/g;
const v6 = /(?<![\w:.])(?=[0-9a-f:]{0,4}:)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi;
/** Where the text was cut: three parts with dots, or three and more with colons. */
const cutAddress = /(?<![\w.:])(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.?|[23f][0-9a-f]{3}:[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){0,6})$/i;
const maxAddressChars = 40;
/** A network, not an address in it: `192.0.2.0/24`, `2000::/3`. Hidden under `strict` only. */
const network = /^\/\d/;
/** `version 1.2.3.4` and `Chrome/120.0.0.1` are no addresses. */
const version = /(?:\bv|version|ver\.?|release|build|section|§|RFC \w{1,8}|[A-Za-z]\/)[ :=]{0,2}$/i;
/** Loopback, unspecified, link-local, multicast, broadcast: the same everywhere, so they tell nothing. */
const local = /^(?:0\.|127\.|169\.254\.|22[4-9]\.|2[3-5]\d\.)/;

const privateBlocks = new BlockList();
privateBlocks.addSubnet('10.0.0.0', 8);
privateBlocks.addSubnet('172.16.0.0', 12);
privateBlocks.addSubnet('192.168.0.0', 16);
privateBlocks.addSubnet('100.64.0.0', 10);

/** Public IP addresses, and private ones under `strict`; addresses of this machine or link are left alone. */
export const ip: Detector = {
  name: 'ip',
  kind: 'personal',
  couldHold: ({ digitDots, colons, shapes, cut }) =>
    digitDots >= (cut ? 2 : 3) || colons >= (cut ? 1 : 7) || (shapes & Shape.doubleColon) !== 0,
  find(text, { cut, strict }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(v4)) {
      const address = match[0];
      if (match.slice(1).some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) || local.test(address))
        continue;
      const end = match.index + address.length;
      if (version.test(text.slice(Math.max(0, match.index - 12), match.index))) continue;
      if (!strict && address.endsWith('.0') && network.test(text.slice(end, end + 2))) continue;
      findings.push({
        start: match.index,
        end,
        rule: privateBlocks.check(address) ? 'private-ip' : 'public-ip',
      });
    }
    for (const match of text.matchAll(v6)) {
      const address = match[0];
      const end = match.index + address.length;
      if (!/[0-9a-f]{3}/i.test(address) || !isIPv6(address)) continue;
      if (!strict && address.endsWith('::') && network.test(text.slice(end, end + 2))) continue;
      const rule = /^[23]/.test(address) ? 'public-ip' : /^f[cd]/i.test(address) ? 'private-ip' : undefined;
      if (rule !== undefined) findings.push({ start: match.index, end, rule });
    }
    const from = Math.max(0, text.length - maxAddressChars);
    const tail = cut ? cutAddress.exec(text.slice(from)) : null;
    if (tail && !local.test(tail[0]) && !version.test(text.slice(0, from + tail.index).slice(-12))) {
      const rule = /^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i.test(
        tail[0],
      )
        ? 'private-ip'
        : 'public-ip';
      findings.push({ start: from + tail.index, end: text.length, rule });
    }
    return findings;
  },
};
