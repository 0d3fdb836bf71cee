import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";

/** Base64 inside base64 is decoded this often: a PEM text in base64 has base64 again. */
const deepest = 2;

/** The texts that people put in the place of a secret, and their names in an error message. */
const kinds: readonly (readonly [form: RegExp, name: string])[] = [
  [/BEGIN [A-Z0-9 ]*(?:KEY|CERTIFICATE)/, "a key or certificate in PEM form"],
  [/^(?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+ +AAAA/, "an OpenSSH key"],
  [/\bkty\b["']?\s*[:=]/, "a JWK"],
  [/^<\?xml|<RSAKeyValue/, "an XML document"],
  [/^[a-z][a-z0-9+.-]*:\/\//i, "a URL"],
  [/^eyJ[\w-]*\.[\w-]+\.[\w-]*$/, "a token"],
];

/**
 * The kind of a key or of another text that is not random; undefined for any other bytes. The function also recognizes
 * keys in DER form, and texts in base64 or hexadecimal digits.
 */
export function knownTextIn(bytes: Buffer, depth = 0): string | undefined {
  if (isDerKey(bytes)) return "a key or certificate in DER form";
  // Without the zeros, UTF-16 text of ASCII characters is ASCII text. Environment files often have `\n` for a line end.
  const text = bytes
    .toString()
    .replaceAll("\0", "")
    .replaceAll(/\\[rn]/g, "\n")
    .trim();
  // Random bytes are not printable. Without this check, one of a thousand random secrets would look like a known text.
  if (depth > 0 && !/^[\t\n\r\u0020-\u007E]*$/.test(text)) return undefined;
  const kind = kinds.find(([form]) => form.test(text));
  if (kind !== undefined) return kind[1];
  if (isJsonDocument(text)) return "a JSON document such as a JWK or a JWK set";
  if (depth === deepest) return undefined;
  for (const decoded of decodingsOf(text)) {
    const inside = knownTextIn(decoded, depth + 1);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

function isJsonDocument(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

function decodingsOf(text: string): readonly Buffer[] {
  const solid = text.replaceAll(/[\s"']/g, "");
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(solid);
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(solid);
  return [...(isHex ? [Buffer.from(solid, "hex")] : []), ...(isBase64 ? [Buffer.from(solid, "base64")] : [])];
}

/** A DER document begins with the byte of a sequence. */
const derSequence = 0x30;

function isDerKey(bytes: Buffer): boolean {
  if (bytes[0] !== derSequence) return false;
  const readers = [
    () => createPublicKey({ key: bytes, format: "der", type: "spki" }),
    () => createPublicKey({ key: bytes, format: "der", type: "pkcs1" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "pkcs8" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "pkcs1" }),
    () => createPrivateKey({ key: bytes, format: "der", type: "sec1" }),
    () => new X509Certificate(bytes),
  ];
  return readers.some(succeeds);
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
