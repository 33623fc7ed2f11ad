/**
 * Versions of V8 on which edits were found to be safe: those of Node 20 and 22. In that of Node 24 (13.6) code made by Maglev calls
 * through freed entries of the dispatch table after an edit, and the process crashes.
 */
const safeVersions = /^(?:11\.3|12\.4)\./;

/** Why no script of this process may be edited. */
export function vetoOfProcess(): string | undefined {
  if (safeVersions.test(process.versions.v8)) return undefined;
  return `Live edit is not safe with V8 ${process.versions.v8}.`;
}
