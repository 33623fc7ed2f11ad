/** CRC-32 by another way than the product's: through the table of nibbles. */
export function checksumOf(text: string): string {
  const table = [
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344,
    0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  ];
  let crc = ~0;
  for (const byte of Buffer.from(text)) {
    crc = (crc >>> 4) ^ (table[(crc ^ byte) & 15] ?? 0);
    crc = (crc >>> 4) ^ (table[(crc ^ (byte >>> 4)) & 15] ?? 0);
  }
  return base62(~crc >>> 0);
}

/** Six digits, most significant first. */
export function base62(number: number): string {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let digits = '';
  for (let rest = number; digits.length < 6; rest = Math.floor(rest / 62)) digits = alphabet[rest % 62] + digits;
  return digits;
}
