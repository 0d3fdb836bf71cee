/** The alphabet of Z85 [ZeroMQ RFC 32]: five characters for four bytes; no quote or backslash. */
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const values: ReadonlyMap<string, number> = new Map(
  Array.from(alphabet).map((letter, value) => [letter, value]),
);

/** Encodes bytes as Z85. The number of bytes must be a multiple of four. */
export function encodeZ85(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.readUInt32BE(at);
    for (let place = 85 ** 4; place >= 1; place /= 85) text += alphabet[Math.floor(word / place) % 85];
  }
  return text;
}

/** Decodes Z85; undefined if `text` is invalid. */
export function parseZ85(text: string): Buffer | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = Buffer.alloc((text.length / 5) * 4);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (const letter of text.slice(at, at + 5)) word = word * 85 + (values.get(letter) ?? Number.NaN);
    // Five characters can encode a number that is too large for four bytes.
    if (!(word <= 0xff_ff_ff_ff)) return undefined;
    bytes.writeUInt32BE(word, (at / 5) * 4);
  }
  return bytes;
}
