import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import { Refusal } from '../lib/refusal.ts';
import { type SettingName, settings } from '../settings.ts';

/** Listens, and tells where people reach that: the public URL, or the address itself. Refuses with `unavailable` and the reason. */
export async function listen(
  server: Server,
  { host, port, publicUrl }: Pick<Config, 'host' | 'port' | 'publicUrl'>,
  named: { port: SettingName; host: SettingName } = { port: 'port', host: 'host' },
): Promise<URL> {
  server.listen(port, host);
  await once(server, 'listening').catch((problem: NodeJS.ErrnoException) => {
    throw cannotListen(problem, host, port, named);
  });
  const { port: bound } = server.address() as AddressInfo;
  return publicUrl ?? new URL(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
}

/** What an operator can mend is a refusal; the rest stays the error it is. */
function cannotListen(
  problem: NodeJS.ErrnoException,
  host: string,
  port: number,
  named: { port: SettingName; host: SettingName },
): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'is in use already',
    EACCES: 'needs more rights than this user has',
    EADDRNOTAVAIL: 'is not an address of this machine',
  };
  const reason = reasons[problem.code ?? ''];
  if (reason === undefined) return problem;
  return new Refusal({
    code: 'unavailable',
    message: `The bridge cannot listen: port ${port} on ${host} ${reason}.`,
    field: named.port,
    next: `Set another --${settings[named.port].flag} or --${settings[named.host].flag}, or stop what listens there.`,
  });
}
