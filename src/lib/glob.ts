/**
 * Whether `pattern` fits the whole of `text`: `*` stands for any run of characters, `?` for exactly one, everything else
 * for itself; case counts. No regular expression is built, so that a pattern from a file or a key cannot be slow: only the
 * last `*` is ever tried again, which is at most `pattern × text` steps and for usual patterns one pass.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < text.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = p;
      resumeAt = t;
      p += 1;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      resumeAt += 1;
      t = resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
