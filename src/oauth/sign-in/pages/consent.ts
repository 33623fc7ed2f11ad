import type { Person } from '../../../identity/people.ts';
import type { Role, Scope } from '../../../identity/principal.ts';
import type { Interaction } from '../../interactions.ts';
import { type Html, html } from './html.ts';
import type { PageContent } from './page.ts';

/** What a person reads before a client may act for them. */
export interface ConsentAsked {
  interaction: Interaction;
  person: Person;
  /** Asked for, and within the person's role: this is what Allow gives. */
  offered: readonly Scope[];
  csrf: string;
  /** Where the form goes. */
  action: string;
}

/** Scopes in the words of somebody who has to decide, not in those of the code. */
export const scopeWords: Record<Scope, { may: string; detail: string }> = {
  'runtime:read': {
    may: 'See what runs and what was captured',
    detail: 'Lists connected programs and the actions placed on them, and reads their hits. It changes nothing.',
  },
  'runtime:capture': {
    may: 'Read variables of running programs',
    detail: 'Places snapshots, log lines, counters and timers on lines of code, and takes them back. Programs are not changed.',
  },
  'runtime:admin': {
    may: 'Manage API keys',
    detail: 'Makes, replaces and ends keys, never stronger than you are. A key works on after you have signed out.',
  },
};

/** Roles as they are called on pages. */
export const roleWords: Record<Role, string> = {
  viewer: 'Viewer',
  developer: 'Developer',
  group_admin: 'Group Admin',
  company_admin: 'Company Admin',
};

/** The consent page: who asks, what it gets, where the answer goes, and as whom. */
export function consentPage({ interaction, person, offered, csrf, action }: ConsentAsked): PageContent {
  const { client, scopes } = interaction;
  const lacking = scopes.filter((scope) => !offered.includes(scope));
  return {
    title: 'Allow access?',
    leadsTo: client.redirectUri,
    body: html`<h1>${client.name} wants to use Sidelight as you</h1>
<p>${badge(interaction)}</p>
<h2>It may</h2>
<ul>${offered.map((scope) => item(scope))}${lacking.map((scope) => lackingItem(scope, person))}</ul>
${offered.length === 0 ? html`<p class="note">Your role gives nothing of what it asks for, so there is nothing to allow.</p>` : undefined}
<h2>Where the answer goes</h2>
<pre><code>${client.redirectUri}</code></pre>
${warning(client.redirectUri)}
<h2>As whom</h2>
<dl>
<dt>Person</dt><dd>${person.name}${person.email === undefined || person.email === person.name ? undefined : html` (${person.email})`}</dd>
<dt>Organisation</dt><dd>${person.org}</dd>
<dt>Role</dt><dd>${roleWords[person.role]}</dd>
${person.groups.length === 0 ? undefined : html`<dt>Groups</dt><dd>${person.groups.join(', ')}</dd>`}
</dl>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
${offered.length === 0 ? undefined : html`<button class="main" name="decision" value="allow">Allow</button>`}
<button name="decision" value="deny">Deny</button>
</form>
<p class="soft">Allow only what you started yourself just now. Access can be taken back at any time, and ends with your role.</p>`,
  };
}

function badge({ client }: Interaction): Html {
  if (client.known === 'operator') return html`<span class="badge">Set up by the operator of this Sidelight</span>`;
  if (client.known === 'document') return html`<span class="badge">Third party, described at ${client.id}</span>`;
  return html`<span class="badge warn">Third party: registered itself, name not verified</span>`;
}

function item(scope: Scope): Html {
  const { may, detail } = scopeWords[scope];
  return html`<li>${may} <code>${scope}</code><span>${detail}</span></li>`;
}

function lackingItem(scope: Scope, { role }: Person): Html {
  const { may } = scopeWords[scope];
  return html`<li class="not">${may} <code>${scope}</code><span>Asked for, but the role ${roleWords[role]} does not have it.</span></li>`;
}

/** What a person should know about the place the code goes to. */
function warning(redirectUri: string): Html | undefined {
  const { protocol, hostname } = new URL(redirectUri);
  if (protocol !== 'http:' && protocol !== 'https:') {
    return html`<p class="note">This opens a program on this computer that answers to <code>${protocol}</code>. Go on only if you started the sign-in in that program.</p>`;
  }
  if (['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) {
    return html`<p class="note">This is a program on this computer. Any program here could have asked, so go on only if you started the sign-in yourself.</p>`;
  }
  return undefined;
}
