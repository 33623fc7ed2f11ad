import { BlockList, isIP } from 'node:net';

/** Networks that are none of the public internet (the registries of RFC 6890, and multicast). */
const networks4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16', '192.175.48.0/24'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'],
];
/** Of IPv6 only what is given out for the internet is let through (2000::/3), but for these parts of it; several have an IPv4 address in them. */
const networks6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

// A list for each family: Node would compare them with each other.
const special4 = listOf(networks4, 'ipv4');
const special6 = listOf(networks6, 'ipv6');
const public6 = listOf(['2000::/3'], 'ipv6');

/** Whether an address leads to this machine, into a private network, or nowhere; what cannot be read does too. */
export function isSpecialUse(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return special4.check(address, 'ipv4');
  if (family === 0 || address.includes('%')) return true;
  return special6.check(address, 'ipv6') || !public6.check(address, 'ipv6');
}

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    list.addSubnet(base, Number(bits), family);
  }
  return list;
}
