import { addLog } from './add-log.ts';
import { cancelActions } from './cancel-actions.ts';
import { compareHits } from './compare-hits.ts';
import { countHits } from './count-hits.ts';
import { explain } from './explain.ts';
import { getHits } from './get-hits.ts';
import { getStatus } from './get-status.ts';
import { listActions } from './list-actions.ts';
import { listSources } from './list-sources.ts';
import { locate } from './locate.ts';
import { measureDuration } from './measure-duration.ts';
import { measureValue } from './measure-value.ts';
import { previewRedaction } from './preview-redaction.ts';
import { takeSnapshot } from './take-snapshot.ts';
import type { Tool } from './tool.ts';
import { waitForHits } from './wait-for-hits.ts';

/** Every tool of Sidelight. Each needs an entry in policies/tools.yaml, or the bridge does not start. */
export const allTools: Tool[] = [
  ...[takeSnapshot, addLog, countHits, measureDuration, measureValue],
  ...[waitForHits, getHits, compareHits, explain, listActions, cancelActions],
  ...[listSources, locate, getStatus, previewRedaction],
];
