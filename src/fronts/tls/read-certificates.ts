import { readFileSync, statSync } from "node:fs";
import { messageOf, PharosError } from "../../base/errors.js";
import { parseCertificatePair } from "./certificate-pair.js";
import type { CertificateFiles, CertificatePair } from "./certificate-pair.js";

/** The most bytes of a file: a chain of 100 certificates has less than 256 KiB. */
const mostFileBytes = 1024 * 1024;

/**
 * Reads all pairs, or none.
 *
 * @throws PharosError `bad-config` with one line for each pair that cannot be used
 */
export function readCertificates(pairs: readonly CertificateFiles[]): readonly CertificatePair[] {
  const faults: string[] = [];
  const read = pairs.flatMap((files) => {
    try {
      return [readPair(files)];
    } catch (error) {
      faults.push(messageOf(error));
      return [];
    }
  });
  if (faults.length > 0) throw new PharosError("bad-config", faults.join("\n"));
  return read;
}

function readPair(files: CertificateFiles): CertificatePair {
  return parseCertificatePair(files, { cert: readText(files.certFile), key: readText(files.keyFile) });
}

function readText(file: string): string {
  try {
    const status = statSync(file);
    if (!status.isFile()) throw new Error(`${file} is not a file`);
    if (status.size > mostFileBytes) throw new Error(`${file} has more than ${mostFileBytes} bytes`);
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PharosError("bad-config", `cannot read a TLS certificate or key: ${messageOf(cause)}`, {
      cause,
    });
  }
}
