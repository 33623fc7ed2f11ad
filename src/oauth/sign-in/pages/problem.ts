import { type Html, html } from './html.ts';
import type { PageContent } from './page.ts';

/** Something went otherwise than hoped, in words for a person. */
export interface Problem {
  title: string;
  message: string;
  next?: string;
  status: number;
  requestId: string;
  /** What was looked at and what it had. */
  facts?: readonly (readonly [name: string, value: string])[];
  /** The sign-in can go on: try again, or tell the client that it ended. */
  goOn?: { uid: string; csrf: string; clientName: string; redirectUri: string; again?: string };
}

/** A longer name would make a tower of a button. */
const maxButtonChars = 24;

/** A page that says what happened and what to do now. */
export function problemPage({ title, message, next, status, requestId, facts = [], goOn }: Problem): PageContent {
  return {
    title,
    status,
    leadsTo: goOn?.redirectUri,
    body: html`<h1>${title}</h1>
<p>${message}</p>
${facts.length === 0 ? undefined : html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`}
${next === undefined ? undefined : html`<p>${next}</p>`}
${goOn === undefined ? undefined : goOnForm(goOn)}
<p class="soft">Request <code>${requestId}</code></p>`,
  };
}

function goOnForm({ uid, csrf, clientName, again }: NonNullable<Problem['goOn']>): Html {
  const action = `/oauth/interaction/${uid}`;
  return html`<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
${again === undefined ? undefined : html`<a class="button main" href="${action}?again=1">${again}</a>`}
<button name="decision" value="deny">Back to ${clientName.length > maxButtonChars ? 'the client' : clientName}</button>
</form>`;
}
