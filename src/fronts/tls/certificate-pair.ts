import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf, PharosError } from "../../base/errors.js";

/** The files of one certificate. */
export interface CertificateFiles {
  /** The server's certificate in PEM, followed by the certificates of its intermediate authorities. */
  readonly certFile: string;
  /** The private key of the server's certificate in PEM. */
  readonly keyFile: string;
}

/** A certificate with its key. A worker gets this object as JSON. */
export interface CertificatePair extends CertificateFiles {
  /** The text of the certificates. */
  readonly cert: string;
  /** The text of the private key. */
  readonly key: string;
  /** The DNS names in lower case, some with `*.` at their start; from the subject if there is no alternative name. */
  readonly names: readonly string[];
  /** The time from which the server's certificate is valid, in milliseconds since 1970. */
  readonly beginsAtMs: number;
  /** The time at which the server's certificate expires, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Faults in the order of the chain that some clients do not accept; empty if there is none. */
  readonly doubts: readonly string[];
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const encryptedKey = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Checks the texts of a certificate file and of a key file.
 *
 * @throws PharosError `bad-config` that names the file: no certificate, no key or an encrypted key, a key of another
 *   certificate, or a certificate that the TLS library refuses
 */
export function parseCertificatePair(
  files: CertificateFiles,
  { cert, key }: Pick<CertificatePair, "cert" | "key">,
): CertificatePair {
  const chain = parseChain(cert, files);
  const privateKey = parseKey(key, files);
  const [leaf] = chain;
  checkMatch(chain, { privateKey, files });
  checkContext(files, { cert, key });
  return {
    ...files,
    cert,
    key,
    names: namesOf(leaf),
    beginsAtMs: Date.parse(leaf.validFrom),
    expiresAtMs: Date.parse(leaf.validTo),
    doubts: doubtsOf(chain, files),
  };
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function parseChain(text: string, { certFile }: CertificateFiles): Chain {
  const [first, ...others] = text.match(certificateBlock) ?? [];
  if (first === undefined)
    throw refused(certFile, "this file has no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  const parse = (block: string, index: number): X509Certificate => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw refused(certFile, `certificate ${index + 1} cannot be read: ${messageOf(error)}`);
    }
  };
  return [parse(first, 0), ...others.map((block, index) => parse(block, index + 1))];
}

function parseKey(text: string, { keyFile }: CertificateFiles): KeyObject {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw refused(keyFile, "this file has no private key in PEM (-----BEGIN PRIVATE KEY-----)");
  if (encryptedKey.test(text))
    throw refused(
      keyFile,
      "the key is encrypted; allowed is a key without a passphrase: openssl pkey -in FILE",
    );
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw refused(keyFile, `the key cannot be read: ${messageOf(error)}`);
  }
}

interface Match {
  readonly privateKey: KeyObject;
  readonly files: CertificateFiles;
}

function checkMatch(chain: Chain, { privateKey, files: { certFile, keyFile } }: Match): void {
  const at = chain.findIndex((each) => each.checkPrivateKey(privateKey));
  if (at === 0) return;
  if (at < 0) throw refused(keyFile, `the key does not belong to the certificate in ${certFile}`);
  throw refused(
    certFile,
    `the key belongs to certificate ${at + 1} of this file; the server's certificate has to be the first`,
  );
}

/** The TLS library has conditions of its own, such as a least size of keys. */
function checkContext({ certFile }: CertificateFiles, pair: Pick<CertificatePair, "cert" | "key">): void {
  try {
    createSecureContext(pair);
  } catch (error) {
    throw refused(certFile, `the TLS library refuses this certificate: ${messageOf(error)}`);
  }
}

/** Clients look for the name in the alternative names only [RFC 9525 6.3]. Old private authorities write none. */
function namesOf({ subjectAltName = "", subject }: X509Certificate): readonly string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )DNS:((?:\*\.)?[A-Za-z0-9._-]+)/g)].map(
    ([, name = ""]) => name,
  );
  const common = /^CN=((?:\*\.)?[A-Za-z0-9._-]+)$/m.exec(subject)?.[1];
  const all = names.length > 0 || common === undefined ? names : [common];
  return [...new Set(all.map((name) => name.toLowerCase()))];
}

function doubtsOf(chain: Chain, { certFile }: CertificateFiles): readonly string[] {
  return chain.slice(1).flatMap((issuer, index) => {
    const issued = chain[index];
    if (issued?.checkIssued(issuer) === true) return [];
    return [
      `${certFile}: certificate ${index + 2} is not the issuer of certificate ${index + 1}; some clients refuse this`,
    ];
  });
}

function refused(file: string, reason: string): PharosError {
  return new PharosError("bad-config", `${file}: ${reason}`);
}
