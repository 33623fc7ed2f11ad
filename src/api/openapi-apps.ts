import { portableSchema } from '../tools/portable-schema.ts';
import { appRoutes } from './app-routes.ts';
import { appSchemas } from './app-schemas.ts';
import { answerName, operationOf } from './openapi-keys.ts';

const group = { tag: 'Connected apps', id: 'Id of the app; public.' };

/** The operations about connected apps by path and method, as the OpenAPI document has them. */
export function appPaths(headers: object): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of appRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, headers, group) };
  }
  return paths;
}

/** Schemas of their answers, by name. */
export function appAnswers(): Record<string, object> {
  return Object.fromEntries(appRoutes.map(({ answer }) => [answerName(answer), portableSchema(appSchemas[answer], 'output')]));
}
