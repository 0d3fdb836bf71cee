import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A self-signed certificate for `localhost`, as files and as text. */
export interface Certificate {
  readonly certificate: string;
  readonly certificateFile: string;
  readonly key: string;
  readonly keyFile: string;
  /** One file with the certificate and the key, as HAProxy wants it. */
  readonly bothFile: string;
}

/** Creates a certificate in a folder. */
export async function createCertificate(dir: string): Promise<Certificate> {
  const [keyFile, certificateFile, bothFile] = [
    join(dir, "key.pem"),
    join(dir, "certificate.pem"),
    join(dir, "both.pem"),
  ];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  await execute("openssl", [
    "req",
    "-x509",
    ...kind,
    ...subject,
    "-keyout",
    keyFile,
    "-out",
    certificateFile,
  ]);
  const [certificate, key] = await Promise.all([
    readFile(certificateFile, "utf8"),
    readFile(keyFile, "utf8"),
  ]);
  await writeFile(bothFile, certificate + key, { mode: 0o600 });
  return { certificate, certificateFile, key, keyFile, bothFile };
}
