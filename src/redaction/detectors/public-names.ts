/** Headers and parameters whose values look random and are numbers of requests, or what separates the parts of a form. */
const names = [
  ...['boundary', 'etag', 'traceparent', 'cf-ray', 'x-request-id', 'x-trace-id', 'x-correlation-id'],
  ...['x-amz-cf-id', 'x-amz-id-2', 'x-amz-request-id', 'x-amzn-requestid', 'x-amzn-trace-id'],
];
const known: ReadonlySet<string> = new Set(names);
const longest = Math.max(...names.map(({ length }) => length));
const atEnd = new RegExp(`(?:^|[^\\w-])(?:${names.join('|')})["']?\\s?[:=]\\s?["']?-{0,30}$`, 'i');
const maxBeforeChars = 64;

/** Whether what is called so is random by nature and public by purpose. */
export const isPublicName = (name: string): boolean => name.length <= longest && known.has(name.toLowerCase());

/** Whether such a name and its separator end before this index. */
export const isBehindPublicName = (text: string, at: number): boolean =>
  atEnd.test(text.slice(Math.max(0, at - maxBeforeChars), at));
