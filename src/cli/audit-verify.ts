import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type Checkpoint, readCheckpoint } from '../audit/checkpoint.ts';
import { checkFile, fileSource, signedWith } from '../audit/export-file.ts';
import { createSeal } from '../audit/seal.ts';
import { tamperings } from '../audit/tampering.ts';
import { type CheckedChain, type Finding, verifyTrail } from '../audit/verify.ts';
import { readConfig } from '../config.ts';
import type { ControlHandler } from '../control.ts';
import { readSecrets } from '../storage/master-secret.ts';
import { ordering } from './order.ts';
import { type Flags, Usage } from './usage.ts';

/** Checkpoints of one order, which has 64 KiB at most. */
const checkpointsAtATime = 150;

interface Outcome {
  chains: CheckedChain[];
  findings: Finding[];
  /** What is said beside the findings. */
  notes: string[];
  /** Whether something is wrong that has no place in a chain. */
  isBroken: boolean;
}

/** Checks the trail, or an exported file; 1 when anything is not as it was written. */
export async function verify(values: Flags): Promise<number> {
  for (const flag of ['checkpoints', 'file', 'key']) await requireFile(flag, values[flag]);
  const outcome = await (values.file === undefined
    ? ordering(values, (ask) => verifyStored(ask, values.checkpoints))
    : verifyExport(values, String(values.file)));
  const isRight = outcome.findings.length === 0 && !outcome.isBroken;
  process.stdout.write(values.json === true ? `${JSON.stringify({ ok: isRight, ...outcome })}\n` : told(outcome, isRight));
  return isRight ? 0 : 1;
}

async function verifyStored(ask: ControlHandler, path: Flags[string]): Promise<Outcome> {
  const { chains, outside } = (await ask('audit.verify', {})) as {
    chains: CheckedChain[];
    outside: { before: number; strange: number };
  };
  const findings = chains.flatMap(({ finding }) => finding ?? []);
  const notes: string[] = [];
  if (outside.before > 0) notes.push(`${outside.before} records from before chains were kept are in none.`);
  if (outside.strange > 0) notes.push(`${outside.strange} records are in no chain although they are newer: inserted.`);
  if (path === undefined) return { chains, findings, notes, isBroken: outside.strange > 0 };
  const { compared, unread, read, found } = await compare(ask, String(path));
  notes.push(`Compared with ${compared} checkpoints of ${path}.`);
  if (unread > 0) notes.push(`${unread} lines of ${path} are no checkpoints.`);
  const isBroken = outside.strange > 0 || read === 0;
  return { chains, findings: [...findings, ...found], notes, isBroken };
}

/** Other lines may stand between checkpoints, where a log has them all. */
async function compare(
  ask: ControlHandler,
  path: string,
): Promise<{ compared: number; unread: number; read: number; found: Finding[] }> {
  const result = { compared: 0, unread: 0, read: 0, found: [] as Finding[] };
  let some: Checkpoint[] = [];
  const send = async () => {
    const { compared, findings } = (await ask('audit.compare', { checkpoints: some })) as {
      compared: number;
      findings: Finding[];
    };
    result.read += some.length;
    result.compared += compared;
    result.found.push(...findings);
    some = [];
  };
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    const checkpoint = readCheckpoint(line);
    if (checkpoint !== undefined) some.push(checkpoint);
    else if (line.trim() !== '') result.unread += 1;
    if (some.length === checkpointsAtATime) await send();
  }
  if (some.length > 0) await send();
  return result;
}

async function requireFile(flag: string, path: Flags[string]): Promise<void> {
  if (path === undefined) return;
  await access(String(path)).catch((problem: NodeJS.ErrnoException) => {
    throw new Usage(`--${flag} ${path} cannot be read (${problem.code}).`);
  });
}

async function verifyExport(values: Flags, file: string): Promise<Outcome> {
  const pem = values.key === undefined ? undefined : await readFile(String(values.key), 'utf8');
  const seal =
    pem === undefined ? createSeal({ node: '', secrets: await readSecrets(readConfig(values, process.env), false) }) : undefined;
  const checked = await checkFile(file, pem === undefined ? (seal?.isSigned ?? (() => false)) : signedWith(pem));
  const notes = [`${checked.lines} lines; ${trailers[checked.trailer]}`];
  const chains = seal === undefined ? [] : await verifyTrail(seal, fileSource(file));
  if (seal === undefined) notes.push('The chains need the master secret, and were not checked.');
  // The signature of a file is of all its lines.
  const whole = chains.map((chain) => ({ ...chain, unsigned: 0 }));
  return {
    chains: whole,
    findings: chains.flatMap(({ finding }) => finding ?? []),
    notes,
    isBroken: checked.trailer !== 'right',
  };
}

const trailers = {
  right: 'signed, and as they were when they were exported.',
  missing: 'the signed last line is missing: the file was cut.',
  foreign: 'the signature is not of this installation, or under a master secret that the secret file does not have.',
  altered: 'not as they were when they were exported.',
} as const;

function told({ chains, findings, notes, isBroken }: Outcome, isRight: boolean): string {
  const lines = chains.map(({ node, records, first, last, checkpoints, unsigned = 0, finding }) => {
    const span = records === 0 ? 'no records' : `${records} records, ${first} to ${last}`;
    const with_ = checkpoints === 0 ? '' : `, ${checkpoints} checkpoints`;
    const end = unsigned === 0 ? '' : `, the last ${unsigned} not signed yet`;
    return `${node}  ${span}${with_}${end}  ${verdict(finding)}`;
  });
  const wrong = findings.map(({ node, seq, kind }) => `${node} ${seq} ${kind}: ${tamperings[kind]}`);
  const isUntold = !isBroken && findings.every(isUnknown);
  const whole = isRight
    ? 'The trail is as it was written.'
    : isUntold
      ? 'Whether all of the trail is as it was written cannot be told with this secret file.'
      : 'The trail is NOT as it was written.';
  return `${[...lines, ...notes, ...wrong, whole].join('\n')}\n`;
}

function verdict(finding: Finding | undefined): string {
  if (finding === undefined) return 'right';
  return isUnknown(finding) ? `not told from ${finding.seq} on` : `WRONG at ${finding.seq}`;
}

const isUnknown = ({ kind }: Finding) => kind === 'unknown_secret';
