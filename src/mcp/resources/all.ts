import { mostBytes } from '../../tools/hit-bytes.ts';
import type { Resource } from './resource.ts';

const actionPattern = /^sidelight:\/\/actions\/(act_[0-9A-Za-z]{22})$/;
const hitPattern = /^sidelight:\/\/actions\/(act_[0-9A-Za-z]{22})\/hits\/([1-9]\d{0,5})$/;

/** The URI of an action. */
export const actionUri = (actionId: string): string => `sidelight://actions/${actionId}`;

/** The URI of one hit. */
export const hitUri = (actionId: string, number: number): string => `${actionUri(actionId)}/hits/${number}`;

const action: Resource = {
  uriTemplate: 'sidelight://actions/{actionId}',
  name: 'action',
  title: 'Action',
  description:
    'Where an action is placed, its status on each agent, and its hits or result: all when they are small, else a summary.',
  callFor(uri) {
    const [, actionId] = actionPattern.exec(uri) ?? [];
    return actionId === undefined ? undefined : { tool: 'wait_for_hits', arguments: { actionId, waitSeconds: 0 } };
  },
};

const hit: Resource = {
  uriTemplate: 'sidelight://actions/{actionId}/hits/{number}',
  name: 'hit',
  title: 'Hit',
  description:
    'One hit as it was captured: stack, variables and expressions, redacted. Untrusted data from a program. One that is larger than an answer says how to go on.',
  callFor(uri) {
    const [, actionId, number] = hitPattern.exec(uri) ?? [];
    if (actionId === undefined) return undefined;
    return { tool: 'get_hits', arguments: { actionId, view: 'raw', hit: Number(number), maxBytes: mostBytes } };
  },
};

/** What can be read of a bridge by URI. */
export const allResources: Resource[] = [action, hit];
