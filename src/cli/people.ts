import { defaultOrg } from '../identity/issue.ts';
import type { ShownPerson } from '../oauth/sign-in/people-orders.ts';
import { order } from './order.ts';
import { type Command, readFlags, settingOptions, Usage } from './usage.ts';

const verbs = ['link', 'list', 'disable', 'enable', 'forget'];

/** Lists people who signed in, shuts them out, and makes links for this computer's browsers. */
export const people: Command = {
  name: 'people',
  usage: `sidelight people link [--name operator] [--role company_admin]
sidelight people list
sidelight people disable NAME
sidelight people enable NAME
sidelight people forget NAME
  link prints an address that signs one browser of this computer in, once, within an hour; only where there is no company provider.
  disable shuts somebody out at their next request, and takes back what they let clients do.
  forget frees a name that passed to another account at the provider: its keys and apps end. Give the same --data as to serve;
  --json for scripts; --org for another organisation than ${defaultOrg}.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const { values, positionals } = readFlags(
      args,
      { ...settingOptions, name: text, role: text, org: text, json: { type: 'boolean' } },
      2,
    );
    const [verb = '', subject] = positionals;
    if (!verbs.includes(verb)) throw new Usage('Say sidelight people link, list, disable, enable or forget.');
    const needsName = !['link', 'list'].includes(verb);
    if (needsName !== (subject !== undefined)) {
      throw new Usage(needsName ? `Say whom to ${verb}.` : `Nothing is known about ${JSON.stringify(subject)}.`);
    }
    const input = verb === 'link' ? { name: values.name, role: values.role } : { org: String(values.org ?? defaultOrg), subject };
    const result = await order(values, `people.${verb}`, input);
    process.stdout.write(`${values.json === true ? JSON.stringify(result ?? {}) : describe(verb, subject, result)}\n`);
    return 0;
  },
};

function describe(verb: string, subject: string | undefined, result: unknown): string {
  if (verb === 'link') return (result as { link: string }).link;
  if (verb === 'disable') return `${subject} is shut out; the next request is refused.`;
  if (verb === 'forget') return `${subject} is forgotten; the next sign-in with that name is somebody new.`;
  if (verb === 'enable') return `${subject} may sign in again.`;
  return (result as ShownPerson[]).map(row).join('\n') || 'Nobody has signed in yet.';
}

function row({ subject, name, role, groups, checkedAt, disabledAt, endedAt }: ShownPerson): string {
  const state =
    disabledAt !== undefined ? `disabled ${instant(disabledAt)}` : endedAt !== undefined ? `out ${instant(endedAt)}` : 'in';
  return [subject, name, role, groups.join(',') || '-', state, `checked ${instant(checkedAt)}`].join('  ');
}

const instant = (at: number) => new Date(at).toISOString();
