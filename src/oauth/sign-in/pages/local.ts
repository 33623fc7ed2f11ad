import type { Person } from '../../../identity/people.ts';
import { roleWords } from './consent.ts';
import { html } from './html.ts';
import type { PageContent } from './page.ts';

/** What a browser is shown that no link has made anybody yet. */
export function localHelpPage(again: string | undefined): PageContent {
  return {
    title: 'Sign in on this computer',
    status: again === undefined ? 200 : 401,
    body: html`<h1>Who are you?</h1>
<p>This Sidelight has no company provider yet, so whoever can use its terminal vouches for this browser, once:</p>
<pre><code>sidelight people link</code></pre>
<p>Run it on this computer, and open the link it prints in this browser. It works once, for an hour. The terminal that Sidelight was started in shows such a link too, and the exact command where yours needs <code>--data</code>.</p>
${
  again === undefined
    ? undefined
    : html`<p>Then come back to this page and go on.</p>
<form method="get" action="${again}"><button class="main">Go on</button></form>`
}
<p class="soft">People sign in at your company’s provider once policies/identity.yaml names it (mode: company).</p>`,
  };
}

/** What a browser is shown that a link made somebody. */
export function localWelcomePage({ name, role }: Pick<Person, 'name' | 'role'>): PageContent {
  return {
    title: 'Signed in',
    body: html`<h1>This browser is signed in as ${name}</h1>
<p>Role: ${roleWords[role]}. Go back to the page or the program that asked you to sign in, and try again there; this tab can be closed.</p>
<p class="soft">It ends after twelve hours. <code>sidelight people link</code> makes a new link.</p>`,
  };
}
