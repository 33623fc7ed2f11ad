import type { z } from 'zod';
import type { AuditRecord } from '../audit/record.ts';
import { administerApps } from '../authorization/administer-apps.ts';
import { subjectNamed } from '../identity/people.ts';
import type { Principal } from '../identity/principal.ts';
import { endApp, listApps } from '../oauth/apps.ts';
import type { Grants } from '../oauth/grants.ts';
import { appSchemas, showApp } from './app-schemas.ts';

/** One request about connected apps, let in and read. */
export interface AppCall {
  principal: Principal;
  grants: Grants;
  input: { person?: string | undefined };
  /** What the path names; empty where it names none. */
  id: string;
  asked: Pick<AuditRecord, 'address' | 'client'> & { requestId: string };
}

/** One operation about connected apps; there is no tool behind it. */
export interface AppRoute {
  method: 'GET' | 'DELETE';
  path: string;
  operation: string;
  summary: string;
  description: string;
  input: z.ZodObject;
  answer: keyof typeof appSchemas;
  run(call: AppCall): Promise<object>;
}

const needs =
  'A person reaches their own with any scope; a company admin with the scope runtime:admin all of the organisation. An API key needs runtime:admin and the permission dev_api.';

/** Every operation about connected apps. Who may do what is decided in authorization/administer-apps.ts. */
export const appRoutes: readonly AppRoute[] = [
  {
    ...{ method: 'GET', path: '/apps', operation: 'listApps', summary: 'List connected apps' },
    ...{ input: appSchemas.filter, answer: 'apps' },
    description: `Clients that people let act for them, as long as they have a token. ${needs}`,
    async run({ principal, grants, input: { person } }) {
      const { apps, ...more } = await listApps(grants, administerApps(principal), person && subjectNamed(person));
      return { apps: apps.map(showApp), ...more };
    },
  },
  {
    ...{ method: 'DELETE', path: '/apps/{id}', operation: 'disconnectApp', summary: 'Disconnect an app' },
    ...{ input: appSchemas.nothing, answer: 'disconnected' },
    description: `Its tokens and its consent are gone: its next request is refused, its calls and streams end at once. ${needs}`,
    async run({ principal, grants, id, asked }) {
      const permit = administerApps(principal);
      const ending = permit.end(await grants.find(permit.org, id), id);
      await endApp(grants, ending, asked);
      return { app: showApp(ending.app) };
    },
  },
];
