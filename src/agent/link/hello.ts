import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { actionKinds, type Hello } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import type { AgentConfig } from '../config.ts';
import { agentVersion } from '../version.ts';
import { commitVariables, findCommit } from './commit.ts';

/** What only the main thread knows of the process. */
export interface ProcessFacts {
  agentId: string;
  directory: string;
  /** The program's own file, where it has one. */
  script?: string;
  startedAt: number;
  /** Of a worker thread of the program. */
  threadId?: number;
  /** The few variables that say where this runs. */
  environment: Record<string, string | undefined>;
}

/** An id for a process that just started. */
export function newAgentId(): string {
  return randomBytes(12).toString('base64url');
}

/** Variables that the worker is told; the rest of the program's environment stays away from it. */
const tellingVariables = ['POD_NAME', 'HOSTNAME', 'KUBERNETES_SERVICE_HOST', ...commitVariables];

/** The part of an environment that says where a program runs and what was built. */
export function tellingEnvironment(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(tellingVariables.map((name) => [name, environment[name]]));
}

/** Ceilings of tags; a bridge refuses a hello above them. */
const maxTagChars = 100;
const maxTags = 50;

/** Describes this process to the bridge. Reads package.json and the checked-out commit, so it belongs into the worker. */
export function describeProcess(config: AgentConfig, facts: ProcessFacts): Omit<Hello, 'now' | 'resume' | 'identity'> {
  const { environment } = facts;
  const manifest = readManifest(facts.directory);
  const service = label(config.service ?? manifest.name) ?? label(scriptName(facts.script)) ?? 'node';
  const host = label(hostname()) ?? 'unknown';
  const pod = environment.POD_NAME ?? (environment.KUBERNETES_SERVICE_HOST === undefined ? undefined : environment.HOSTNAME);
  return {
    t: 'hello',
    v: 1,
    agent: {
      id: facts.agentId,
      name:
        label(config.name) ??
        label(`${service}@${host}/${process.pid}${facts.threadId === undefined ? '' : `#${facts.threadId}`}`) ??
        service,
      version: agentVersion,
      mode: 'inproc',
    },
    service,
    ...defined('version', label(config.version ?? manifest.version)),
    ...defined('commit', label(config.commit ?? findCommit(facts.directory, environment))),
    ...defined('environment', label(config.environment)),
    runtime: { language: 'javascript', name: 'node', version: process.version },
    host,
    pid: process.pid,
    ...defined('pod', label(pod)),
    tags: [...new Set(config.tags.flatMap((tag) => label(tag, maxTagChars) ?? []))].slice(0, maxTags),
    startedAt: facts.startedAt,
    capabilities: {
      kinds: [...actionKinds],
      where: ['line'],
      conditions: true,
      expressions: true,
      pending: true,
      sourceMaps: true,
      engines: config.engines.filter((name) => name !== 'load-time' || config.instrument.length > 0),
      locate: true,
      stops: 'thread',
      maxActions: limits.maxActionsPerAgent,
    },
  };
}

function readManifest(directory: string): { name?: string; version?: string } {
  try {
    const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    return { ...(typeof name === 'string' ? { name } : {}), ...(typeof version === 'string' ? { version } : {}) };
  } catch {
    return {};
  }
}

function scriptName(script: string | undefined): string | undefined {
  return script === undefined ? undefined : basename(script).replace(/\.[cm]?[jt]s$/, '');
}

/** Without control, format and broken characters, cut; undefined when nothing is left. */
function label(text: string | undefined, maxChars: number = limits.maxNameChars): string | undefined {
  const clean = text
    ?.slice(0, maxChars)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
    .trim();
  return clean === undefined || clean === '' ? undefined : clean;
}

function defined<Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: string });
}
