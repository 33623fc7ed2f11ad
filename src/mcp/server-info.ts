/** A lamp that shines to the side. Only the server has one: on fourteen tools it would cost each model a thousand tokens. */
const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#f5a524" d="M6 12 23 3v18z"/><circle cx="6" cy="12" r="5" fill="#24324a"/></svg>';

/** How the server introduces itself in both eras. */
export function serverInfo(version: string) {
  return {
    name: 'sidelight',
    title: 'Sidelight',
    version,
    icons: [
      { src: `data:image/svg+xml;base64,${Buffer.from(icon).toString('base64')}`, mimeType: 'image/svg+xml', sizes: ['any'] },
    ],
  };
}

/** What both eras offer. Lists change only with a restart or a hit, and no stream would tell of them; completion would cost a call a key. */
export const capabilities = { tools: {}, resources: {}, prompts: {} };
