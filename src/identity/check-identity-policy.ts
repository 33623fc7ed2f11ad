import type { Mistake, StrictYaml } from '../lib/strict-yaml.ts';
import type { IdentityPolicy } from './identity-policy.ts';

/** Schemes that name no client of ours; codes sent there would go to whoever reads a page, a file or a script. */
const webSchemes = ['http', 'https', 'javascript', 'data', 'file', 'blob', 'about', 'ws', 'wss', 'ftp', 'mailto', 'vbscript'];

/** Entra ID signs in anybody from anywhere under these, and roles of one company are easily called as those of another. */
const everyTenant = /^https:\/\/login\.microsoftonline\.com\/(?:common|organizations|consumers)(?:\/|$)/;

/** What identity.yaml says that fits the schema and still cannot be: a mode without its part, a role nobody can have, … */
export function checkIdentity(file: StrictYaml<IdentityPolicy>): Mistake[] {
  const { mode, company, resource_server: resource, claims, clients } = file.value;
  const mistakes: Mistake[] = [];
  const wrong = (path: readonly PropertyKey[], message: string) => mistakes.push(file.mistake(path, message));
  if (mode === 'company' && company === undefined) wrong(['mode'], 'mode: company needs the part company');
  if (mode === 'resource_server' && resource === undefined) {
    wrong(['mode'], 'mode: resource_server needs the part resource_server');
  }
  if (mode !== 'local' && claims.role === undefined) {
    wrong(['claims'], `mode: ${mode} needs claims.role: without it nobody has a role, and nobody gets in`);
  }
  for (const [name, issuer] of [
    ['company', company?.issuer],
    ['resource_server', resource?.issuer],
  ] as const) {
    if (issuer === undefined || new URL(issuer).protocol === 'https:' || isLoopback(issuer)) continue;
    wrong([name, 'issuer'], `${name}.issuer must be https`);
  }
  for (const [name, issuer] of [
    ['company', company?.issuer],
    ['resource_server', resource?.issuer],
  ] as const) {
    if (issuer === undefined || !everyTenant.test(issuer)) continue;
    wrong([name, 'issuer'], `${name}.issuer stands for every company there is; name your own tenant in it`);
  }
  if (resource?.verify === 'introspection' && resource.client_id === undefined) {
    wrong(['resource_server', 'verify'], 'introspection needs resource_server.client_id');
  }
  for (const [index, scheme] of clients.redirect_schemes.entries()) {
    if (webSchemes.includes(scheme)) wrong(['clients', 'redirect_schemes', index], `${scheme} is no scheme of a client`);
  }
  for (const [index, origin] of clients.redirect_origins.entries()) {
    if (!origin.startsWith('https://'))
      wrong(['clients', 'redirect_origins', index], `${origin} must be https; loopback needs no entry`);
  }
  const ids = clients.known.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) !== index) wrong(['clients', 'known', index, 'id'], `the client ${id} is there twice`);
  }
  return mistakes;
}

function isLoopback(url: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname);
}
