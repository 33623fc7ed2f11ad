/** PostgreSQL refuses notifications of 8000 bytes and more; they carry ids, not data. */
const maxPayloadBytes = 7_999;

/** LISTEN takes no parameters, so a channel is checked before it becomes part of a statement. */
export function checkChannel(channel: string): void {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(channel)) throw new Error(`${JSON.stringify(channel)} is not a channel name.`);
}

/** Throws when PostgreSQL would. */
export function checkPayload(payload: string): void {
  if (Buffer.byteLength(payload) > maxPayloadBytes) throw new Error(`A notification is longer than ${maxPayloadBytes} bytes.`);
}
