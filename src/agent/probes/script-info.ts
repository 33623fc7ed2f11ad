import { basename, dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startsWith } from '../intrinsics.ts';
import type { ScriptToRead } from '../source/reader.ts';
import type { ScriptParsed } from './session.ts';

/** The agent's own scripts are not the program's; only when it is bundled into the program do they share a folder. */
const ownFile = fileURLToPath(import.meta.url);
const isAlone = basename(dirname(ownFile)) === 'sidelight-agent' || /^script-info\.[jt]s$/.test(basename(ownFile));
const ownFolder = isAlone ? dirname(ownFile) + sep : undefined;

/** A script of the program; undefined for what is not one. */
export function scriptInfo(parsed: ScriptParsed): ScriptToRead | undefined {
  const { url, scriptId } = parsed;
  // Other contexts (`vm`) have their own globals, where the hook is not.
  if ((parsed.executionContextAuxData as { isDefault?: boolean } | undefined)?.isDefault !== true) return undefined;
  if (startsWith(url, 'node:') || startsWith(url, 'evalmachine.')) return undefined;
  const path = pathOf(url);
  if (ownFolder !== undefined && startsWith(path, ownFolder)) return undefined;
  const mapUrl = parsed.sourceMapURL ?? '';
  return { id: scriptId, path, mapUrl: startsWith(mapUrl, 'data:') ? 'inline' : mapUrl, hash: parsed.hash };
}

/** A path for `file:` URLs, the URL itself for others. */
function pathOf(url: string): string {
  if (!startsWith(url, 'file:')) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}
