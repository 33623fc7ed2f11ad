import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Where builds and hosts leave the commit, most specific first. */
export const commitVariables: readonly string[] = [
  'GIT_COMMIT',
  'SOURCE_VERSION',
  'SOURCE_COMMIT',
  'COMMIT_SHA',
  'GITHUB_SHA',
  'CI_COMMIT_SHA',
  'VERCEL_GIT_COMMIT_SHA',
  'RENDER_GIT_COMMIT',
  'RAILWAY_GIT_COMMIT_SHA',
  'HEROKU_SLUG_COMMIT',
];

const commitForm = /^[0-9a-f]{7,64}$/i;

/** Folders above the working directory that are looked at. */
const maxParents = 10;

/** Files that builds leave in the working directory: the commit alone, or JSON with `commit` (`gitHead` in what npm publishes). */
const buildFiles = ['REVISION', '.commit', 'COMMIT', 'build-info.json', 'package.json'];

/** The commit of the program: what the build says, else what is checked out around `directory`. */
export function findCommit(directory: string, environment: Record<string, string | undefined>): string | undefined {
  for (const name of commitVariables) {
    const value = environment[name]?.trim();
    if (value !== undefined && commitForm.test(value)) return value;
  }
  for (const file of buildFiles) {
    const text = read(join(directory, file)).trim();
    const commit = file.endsWith('.json') ? commitIn(text) : text;
    if (commit !== undefined && commitForm.test(commit)) return commit;
  }
  const git = gitDirectory(directory);
  return git === undefined ? undefined : headCommit(git);
}

function commitIn(json: string): string | undefined {
  try {
    const { commit, gitHead } = JSON.parse(json);
    return [commit, gitHead].find((one) => typeof one === 'string');
  } catch {
    return undefined;
  }
}

function gitDirectory(directory: string): string | undefined {
  let current = resolve(directory);
  for (let level = 0; level <= maxParents; level += 1) {
    const candidate = join(current, '.git');
    const kind = statSync(candidate, { throwIfNoEntry: false });
    if (kind?.isDirectory()) return candidate;
    // A worktree or submodule: one line that says where the directory is (gitrepository-layout).
    if (kind?.isFile()) {
      const target = /^gitdir: (.+)$/m.exec(read(candidate))?.[1];
      return target === undefined ? undefined : resolve(current, target);
    }
    if (dirname(current) === current) return undefined;
    current = dirname(current);
  }
  return undefined;
}

function headCommit(git: string): string | undefined {
  const head = read(join(git, 'HEAD')).trim();
  if (commitForm.test(head)) return head;
  const ref = /^ref: (refs\/[^\s]+)$/.exec(head)?.[1];
  if (ref === undefined || ref.includes('..')) return undefined;
  const common = read(join(git, 'commondir')).trim();
  for (const place of common === '' ? [git] : [git, resolve(git, common)]) {
    const loose = read(join(place, ref)).trim();
    if (commitForm.test(loose)) return loose;
    const packed = read(join(place, 'packed-refs'))
      .split('\n')
      .find((line) => line.endsWith(` ${ref}`));
    const commit = packed?.split(' ')[0];
    if (commit !== undefined && commitForm.test(commit)) return commit;
  }
  return undefined;
}

/** The text of a small file, or nothing: this only decorates a hello and must not fail it. */
function read(path: string): string {
  try {
    return statSync(path).size > 4 * 1024 * 1024 ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
