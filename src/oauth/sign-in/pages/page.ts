import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { Html, html } from './html.ts';
import { style } from './style.ts';

/** One page a person sees. */
export interface PageContent {
  title: string;
  body: Html;
  status?: number;
  /** Where a form of this page may end up beside here: a browser also checks the redirects that follow a form. */
  leadsTo?: string;
}

const styleHash = createHash('sha256').update(style).digest('base64');

/** Answers with a page that runs no script, loads nothing, cannot be framed, and tells no other site where it was. */
export function sendPage(ctx: Context, { title, body, status = 200, leadsTo }: PageContent): void {
  ctx.status = status;
  ctx.type = 'html';
  ctx.set(
    'Content-Security-Policy',
    [
      `default-src 'none'`,
      `style-src 'sha256-${styleHash}'`,
      `form-action ${["'self'", ...(leadsTo === undefined ? [] : formTarget(leadsTo))].join(' ')}`,
      `frame-ancestors 'none'`,
      `base-uri 'none'`,
    ].join('; '),
  );
  ctx.set('X-Frame-Options', 'DENY');
  // With no-referrer a browser would send `Origin: null` with our own forms, and they could not be told from foreign ones.
  ctx.set('Referrer-Policy', 'same-origin');
  ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
  ctx.set('Cache-Control', 'no-store');
  ctx.body = `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Sidelight</title>
${rawStyle}
</head>
<body>
<main>
<p class="brand">Sidelight</p>
${body}
</main>
</body>
</html>`}`;
}

/** The style sheet is a constant of ours, and its hash must be over exactly these characters. */
const rawStyle = new Html([`<style>${style}</style>`], []);

/** A redirect URI as a source of `form-action`. CSP has no notation for IPv6 addresses, so of these only the scheme is told. */
function formTarget(uri: string): string[] {
  if (!URL.canParse(uri)) return [];
  const { protocol, origin, hostname } = new URL(uri);
  if (!/^[a-z][a-z0-9+.-]*:$/.test(protocol)) return [];
  return [(protocol === 'https:' || protocol === 'http:') && !hostname.startsWith('[') ? origin : protocol];
}
