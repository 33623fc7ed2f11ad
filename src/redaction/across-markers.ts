import { blockScalars } from './detectors/block-scalars.ts';
import { formData } from './detectors/form-data.ts';
import { markup } from './detectors/markup.ts';
import { protocolLines } from './detectors/protocol-lines.ts';
import { sentences } from './detectors/sentences.ts';
import { sql } from './detectors/sql.ts';
import { traitsOf } from './detectors/sweep.ts';
import { markerPattern } from './marker.ts';
import type { Session } from './session.ts';

/** Detectors of values that may stand far from what names them, with a marker of the agent between. */
const detectors = [sql, markup, formData, blockScalars, sentences, protocolLines];
/** What stands for a marker while the text around it is searched: filling, which is nobody's secret. */
const filling = '•';

/** The text with those secrets hidden that are named on the other side of a marker: `values ('[REDACTED:jwt]', '…')`. */
export function hideAcrossMarkers(session: Session, text: string, cut: boolean): string {
  const masked = text.replace(markerPattern, (marker) => filling.repeat(marker.length));
  const traits = traitsOf(masked, cut);
  const scanning = session.scanning(cut);
  const findings = detectors
    .flatMap((detector) => (detector.couldHold(traits) ? detector.find(masked, scanning) : []))
    .filter(({ start, end, rule }) => session.applies(rule) && !masked.slice(start, end).includes(filling))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  let result = '';
  let from = 0;
  for (const { start, end, rule } of findings) {
    if (start < from || end <= start) continue;
    result += text.slice(from, start) + session.hide(rule, text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}
