import type { LocalName } from '../local.ts';
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
<p>Run it on this computer, and open the link it prints in this browser. It works once, for an hour, and signs in one client. The terminal that Sidelight was started in shows such a link too, and the exact command where yours needs <code>--data</code>.</p>
${
  again === undefined
    ? undefined
    : html`<p>Then come back to this page and go on.</p>
<form method="get" action="${again}"><button class="main">Go on</button></form>`
}
<p class="soft">People sign in at your company’s provider once policies/identity.yaml names it (mode: company).</p>`,
  };
}

/** What a browser is shown that opened a link: nothing has happened yet, because links open by themselves and from other sites. */
export function localLinkPage({ name, role }: LocalName, ticket: string, csrf: string): PageContent {
  return {
    title: 'Sign in on this computer',
    body: html`<h1>Sign in as ${name}?</h1>
<p>Role: ${roleWords[role]}. This browser can then sign in one client, within ten minutes.</p>
<p>The link is from the terminal of this computer. If you did not get it there, close this page.</p>
<form method="post" action="/oauth/local">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="ticket" value="${ticket}">
<button class="main" name="decision" value="sign_in">Sign in</button>
</form>`,
  };
}

/** What a browser is shown that a link made somebody. */
export function localWelcomePage({ name, role }: LocalName): PageContent {
  return {
    title: 'Signed in',
    body: html`<h1>This browser is signed in as ${name}</h1>
<p>Role: ${roleWords[role]}. Go back to the page or the program that asked you to sign in, and try again there; this tab can be closed.</p>
<p class="soft">It is good for one client, within ten minutes. For the next one, <code>sidelight people link</code> makes another link.</p>`,
  };
}
