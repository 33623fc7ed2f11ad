import { z } from 'zod';
import { type ConnectedApp, maxListed } from '../oauth/grants.ts';
import { clientsKnown } from '../oauth/interactions.ts';
import { iso } from './key-schemas.ts';

const instant = (meaning: string) => z.string().describe(`${meaning}, ISO 8601.`);

/** A connected app as the API shows it. */
const shownApp = z.object({
  id: z.string().describe('Public; what /me calls credentialId when the app itself asks.'),
  person: z.string().describe('Who connected it: user:….'),
  clientId: z.string().describe('The client’s id: issued here, or the URL of its document.'),
  clientName: z.string().describe('What the client calls itself.'),
  known: z
    .enum(clientsKnown)
    .describe('operator: registered in identity.yaml; document: told at its own URL; self_registered: by nothing but its word.'),
  redirectUri: z.string().describe('Where the code was sent.'),
  scopes: z.array(z.string()).describe('What the person consented to.'),
  connectedAt: instant('When the person consented'),
  lastUsedAt: instant('Last use, to the minute').optional(),
  expiresAt: instant('When the person has to consent again, at the latest').optional(),
});

/** Arguments and answers of the routes of connected apps. */
export const appSchemas = {
  nothing: z.strictObject({}),
  filter: z.strictObject({
    person: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe('Only apps of this person: user:NAME, or NAME. Others’ need a company admin.'),
  }),
  apps: z.object({
    apps: z.array(shownApp).describe(`Newest first, at most ${maxListed}.`),
    isCut: z
      .literal(true)
      .optional()
      .describe('Set when the list is as long as one can be: there may be more, so ask by person.'),
    requestId: z.string().describe('Names the request.'),
  }),
  disconnected: z.object({ app: shownApp.describe('As it was.'), requestId: z.string().describe('Names the request.') }),
};

/** A connected app as the API shows it. */
export function showApp({
  org: _org,
  subject,
  createdAt,
  lastUsedAt,
  expiresAt,
  ...app
}: ConnectedApp): z.output<typeof shownApp> {
  return {
    ...app,
    person: subject,
    connectedAt: iso(createdAt),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: iso(lastUsedAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }),
  };
}
