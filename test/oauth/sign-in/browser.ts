/** A browser as far as signing in needs one: cookies by path and host, redirects one at a time, forms. */
export interface Browser {
  /** Follows redirects on loopback while they lead to a page; stops at one that leads elsewhere, or to `stopAt`. */
  open(url: string, stopAt?: (url: URL) => boolean): Promise<Page>;
  /** Sends the page's form as the button of this value does. */
  submit(page: Page, decision: string, changes?: Record<string, string>): Promise<Page>;
  /** One request, no redirect followed. */
  request(url: string, init?: RequestInit): Promise<Response>;
  cookies: Map<string, Cookie>;
}

export interface Page {
  status: number;
  /** Where it is; of a redirect that is not followed, where it leads. */
  url: URL;
  headers: Headers;
  html: string;
}

interface Cookie {
  value: string;
  path: string;
  attributes: string;
}

const maxRedirects = 20;

/** A browser with an empty jar. */
export function createBrowser(): Browser {
  const cookies = new Map<string, Cookie>();

  async function request(url: string, init: RequestInit = {}): Promise<Response> {
    const { host, pathname } = new URL(url);
    const sent = [...cookies].filter(([key, { path }]) => key.startsWith(`${host} `) && within(pathname, path));
    const headers = new Headers(init.headers);
    if (!headers.has('accept')) headers.set('accept', 'text/html,application/xhtml+xml,*/*;q=0.8');
    if (sent.length > 0) headers.set('cookie', sent.map(([key, { value }]) => `${key.split(' ')[1]}=${value}`).join('; '));
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) keep(host, line);
    return response;
  }

  function keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/);
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const path = attributes.find((each) => /^path=/i.test(each))?.slice(5) ?? '/';
    const expires = attributes.find((each) => /^expires=/i.test(each))?.slice(8);
    const key = `${host} ${name} ${path}`;
    if (value === '' || (expires !== undefined && Date.parse(expires) <= Date.now())) cookies.delete(key);
    else cookies.set(key, { value, path, attributes: attributes.join('; ') });
  }

  async function follow(url: string, init: RequestInit, stopAt: (url: URL) => boolean): Promise<Page> {
    let at = new URL(url);
    let how = init;
    for (let turn = 0; turn < maxRedirects; turn += 1) {
      const response = await request(at.href, how);
      const location = response.headers.get('location');
      if (location === null) {
        return { status: response.status, url: at, headers: response.headers, html: await response.text() };
      }
      await response.arrayBuffer();
      const to = new URL(location, at);
      if (to.protocol !== 'http:' || to.hostname !== '127.0.0.1' || stopAt(to)) {
        return { status: response.status, url: to, headers: response.headers, html: '' };
      }
      at = to;
      how = {};
    }
    throw new Error(`More than ${maxRedirects} redirects, the last to ${at.href}`);
  }

  return {
    cookies,
    request,
    open: (url, stopAt = () => false) => follow(url, {}, stopAt),
    submit(page, decision, changes = {}) {
      const form = /<form\b[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(page.html);
      if (form === null) throw new Error(`There is no form on ${page.url.href}: ${page.html.slice(0, 400)}`);
      const fields = new URLSearchParams({ decision });
      for (const [, name = '', value = ''] of (form[2] ?? '').matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)) {
        fields.set(name, value);
      }
      for (const [name, value] of Object.entries(changes)) fields.set(name, value);
      const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: page.url.origin };
      const leavesUs = (url: URL) => url.origin !== page.url.origin;
      return follow(new URL(form[1] ?? '', page.url).href, { method: 'POST', body: fields.toString(), headers }, leavesUs);
    },
  };
}

/** Opens a link of the sign-in without a company, and presses its button where there is one. */
export async function openLink(browser: Browser, link: string): Promise<Page> {
  const page = await browser.open(link);
  return page.status === 200 ? browser.submit(page, 'sign_in') : page;
}

function within(pathname: string, path: string): boolean {
  return path === '/' || pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
