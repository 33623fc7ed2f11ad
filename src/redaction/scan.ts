import { hideAcrossMarkers } from './across-markers.ts';
import type { Detector, Finding } from './detectors/detector.ts';
import { couldBeEncoded, findEncoded } from './detectors/encoded.ts';
import { traitsOf } from './detectors/sweep.ts';
import { markerPattern } from './marker.ts';
import { readingsOf } from './readings.ts';
import type { Session } from './session.ts';
import { hideSplit } from './split-secrets.ts';

/** Text shorter than this holds nothing that is found by its form. */
const minChars = 6;

export interface TextOptions {
  /** The text was cut at its end. */
  cut?: boolean;
  /** Only secrets: for names of files and functions, where personal data is a false alarm. */
  secretsOnly?: boolean;
  /** It stands under a name whose values are random by nature, such as the number of a request. */
  isPublic?: boolean;
}

/** The text with everything the detectors find replaced by markers. Markers that are there already stay. */
export function scan(session: Session, original: string, options: TextOptions = {}): string {
  if (original.length < (session.hasOwnPatterns ? 1 : minChars)) return original;
  if (!original.includes('[REDACTED:')) return scanSegment(session, original, options);
  const isCut = options.cut === true;
  const text = hideAcrossMarkers(session, hideSplit(session, original, isCut), isCut);
  let result = '';
  let from = 0;
  for (const marker of text.matchAll(markerPattern)) {
    result += scanSegment(session, text.slice(from, marker.index), { ...options, cut: false }) + marker[0];
    from = marker.index + marker[0].length;
  }
  return result + scanSegment(session, text.slice(from), options);
}

function scanSegment(session: Session, text: string, options: TextOptions): string {
  if (text.length < (session.hasOwnPatterns ? 1 : minChars)) return text;
  const found = find(session, text, options);
  if (found.length === 0) return text;
  const findings = settle(found);
  let result = '';
  let from = 0;
  for (const { start, end, rule } of findings) {
    result += text.slice(from, start) + session.hide(rule, text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

interface Ranked extends Finding {
  /** Lower wins: the place of its detector in the table. */
  rank: number;
  secret: boolean;
}

/** What is found in the text as it is written, or as it reads. */
function find(session: Session, text: string, options: TextOptions): Ranked[] {
  const readings = readingsOf(text);
  if (readings === undefined) return findIn(session, text, options);
  return readings.flatMap((reading) => findIn(session, reading.text, options).map((finding) => reading.original(finding)));
}

function findIn(session: Session, text: string, { cut = false, secretsOnly = false, isPublic = false }: TextOptions): Ranked[] {
  session.worked(text.length);
  const scanning = session.scanning(cut);
  const traits = traitsOf(text, cut, scanning.nameGrams);
  const detectors = session.detectorsFor(secretsOnly);
  let findings = none;
  for (let rank = 0; rank < detectors.length; rank++) {
    const detector = detectors[rank] as Detector;
    if (!detector.couldHold(traits) || (isPublic && detector.name === 'entropy')) continue;
    for (const finding of detector.find(text, scanning)) findings = withApplicable(session, findings, finding, rank);
  }
  if (!couldBeEncoded(traits)) return findings;
  for (const finding of findEncoded(text, traits, (decoded) => findFirst(session, decoded, detectors, cut))) {
    findings = withApplicable(session, findings, finding, detectors.length);
  }
  return findings;
}

/** Most texts have none, and need no list of their own. */
const none: Ranked[] = [];

function withApplicable(session: Session, findings: Ranked[], finding: Finding, rank: number): Ranked[] {
  if (!isApplicable(session, finding)) return findings;
  const own = findings === none ? [] : findings;
  own.push({ ...finding, rank, secret: session.isSecret(finding.rule) });
  return own;
}

/** Encoded text is searched by detectors that need no words around: decoded bytes are not prose, and entropy proves nothing there. */
function findFirst(session: Session, decoded: string, detectors: readonly Detector[], cut: boolean): Finding | undefined {
  const scanning = session.scanning(cut);
  const traits = traitsOf(decoded, cut, scanning.nameGrams);
  for (const detector of detectors) {
    if (detector.name === 'prose' || detector.name === 'entropy' || !detector.couldHold(traits)) continue;
    const first = detector.find(decoded, scanning).find((finding) => isApplicable(session, finding));
    if (first !== undefined) return first;
  }
  return undefined;
}

function isApplicable(session: Session, { start, end, rule }: Finding): boolean {
  return end > start && session.applies(rule);
}

/** Findings in order and without overlap: secrets first claim their stretch whole, then personal data what is left of theirs. */
function settle(findings: Ranked[]): Finding[] {
  if (findings.length < 2) return findings;
  const secrets = union(findings.filter((finding) => finding.secret));
  const personal = union(findings.filter((finding) => !finding.secret));
  const rest: Ranked[] = [];
  let next = 0;
  for (const finding of personal) {
    while (next < secrets.length && (secrets[next] as Ranked).end <= finding.start) next++;
    const overlapping = secrets[next];
    if (overlapping === undefined || overlapping.start >= finding.end) rest.push(finding);
  }
  return [...secrets, ...rest].sort((a, b) => a.start - b.start);
}

/** Overlapping stretches joined; the longest one among them names the rule, the better rank when equally long. */
function union(findings: Ranked[]): Ranked[] {
  const joined: Ranked[] = [];
  let namedBy = 0;
  for (const finding of findings.sort((a, b) => a.start - b.start || a.rank - b.rank)) {
    const last = joined.at(-1);
    const length = finding.end - finding.start;
    if (last === undefined || finding.start >= last.end) {
      joined.push({ ...finding });
      namedBy = length;
      continue;
    }
    if (length > namedBy || (length === namedBy && finding.rank < last.rank)) {
      last.rule = finding.rule;
      last.rank = finding.rank;
      namedBy = length;
    }
    last.end = Math.max(last.end, finding.end);
  }
  return joined;
}
