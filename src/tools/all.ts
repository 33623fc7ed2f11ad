import { addLog } from './add-log.ts';
import { cancelAction } from './cancel-action.ts';
import { countHits } from './count-hits.ts';
import { explain } from './explain.ts';
import { getStatus } from './get-status.ts';
import { listActions } from './list-actions.ts';
import { listSources } from './list-sources.ts';
import { locate } from './locate.ts';
import { measureDuration } from './measure-duration.ts';
import { measureValue } from './measure-value.ts';
import { takeSnapshot } from './take-snapshot.ts';
import type { Tool } from './tool.ts';
import { waitForHits } from './wait-for-hits.ts';

/** Every tool of Sidelight. Each needs an entry in policies/tools.yaml, or the bridge does not start. */
export const allTools: Tool[] = [
  ...[takeSnapshot, addLog, countHits, measureDuration, measureValue],
  ...[waitForHits, explain, listActions, cancelAction],
  ...[listSources, locate, getStatus],
];
