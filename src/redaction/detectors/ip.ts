import { BlockList, isIPv6 } from 'node:net';
import type { Detector, Finding } from './detector.ts';

const v4 = /(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\w|\.\d|-[a-z])/g;
const v6 = /(?<![\w:.])(?=[0-9a-f:]{0,4}:)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi;
/** `version 1.2.3.4` and `Chrome/120.0.0.1` are no addresses. */
const version = /(?:\bv|version|ver\.?|release|build|[A-Za-z]\/)[ :=]{0,2}$/i;
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
  couldHold: ({ digits, colon }) => digits >= 4 || colon,
  find(text) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(v4)) {
      const address = match[0];
      if (match.slice(1).some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) || local.test(address))
        continue;
      if (version.test(text.slice(Math.max(0, match.index - 12), match.index))) continue;
      findings.push({
        start: match.index,
        end: match.index + address.length,
        rule: privateBlocks.check(address) ? 'private-ip' : 'public-ip',
      });
    }
    for (const match of text.matchAll(v6)) {
      const address = match[0];
      if (!/[0-9a-f]{3}/i.test(address) || !isIPv6(address)) continue;
      const rule = /^[23]/.test(address) ? 'public-ip' : /^f[cd]/i.test(address) ? 'private-ip' : undefined;
      if (rule !== undefined) findings.push({ start: match.index, end: match.index + address.length, rule });
    }
    return findings;
  },
};
