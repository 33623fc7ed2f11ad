import { cancelAction } from './cancel-action.ts';
import { getStatus } from './get-status.ts';
import { listActions } from './list-actions.ts';
import { listSources } from './list-sources.ts';
import { takeSnapshot } from './take-snapshot.ts';
import type { Tool } from './tool.ts';
import { waitForHits } from './wait-for-hits.ts';

/** Every tool of Sidelight. Each needs an entry in policies/tools.yaml, or the bridge does not start. */
export const allTools: Tool[] = [cancelAction, getStatus, listActions, listSources, takeSnapshot, waitForHits];
