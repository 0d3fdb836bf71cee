import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atTestEnd, type OnEnd } from "../on-end.js";

export interface CertificateOptions {
  /** The names, as in `DNS:localhost` and `IP:127.0.0.1`. @default those of this machine */
  readonly names?: readonly string[];
  /** @default the certificate signs itself */
  readonly authority?: TestCertificate;
  readonly days?: number;
  /** Sizes in bits mean RSA. @default an elliptic curve */
  readonly rsaBits?: number;
  /** The common name. @default "localhost" */
  readonly commonName?: string;
  /** True for the certificate of an authority. @default false */
  readonly isAuthority?: boolean;
}

/** A certificate and its key, in files and as texts. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export const localNames = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"] as const;

/** A folder for certificates, removed at the end. */
export function certificateFolder(onEnd: OnEnd = atTestEnd): string {
  const folder = mkdtempSync(join(tmpdir(), "pharos-tls-"));
  onEnd(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Makes a certificate with openssl, in the files `name.crt` and `name.key` of the folder. */
export function makeCertificate(
  folder: string,
  name: string,
  options: CertificateOptions = {},
): TestCertificate {
  const {
    names = localNames,
    authority,
    days = 90,
    rsaBits,
    commonName = "localhost",
    isAuthority,
  } = options;
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const kind =
    rsaBits === undefined ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : `-newkey rsa:${rsaBits}`;
  const extensions = [
    ...(names.length === 0 ? [] : [`subjectAltName=${names.join(",")}`]),
    `basicConstraints=critical,CA:${isAuthority === true ? "TRUE" : "FALSE"}`,
  ];
  const signer = authority === undefined ? [] : ["-CA", authority.certFile, "-CAkey", authority.keyFile];
  const output = ["-keyout", keyFile, "-out", certFile, "-days", String(days), "-subj", `/CN=${commonName}`];
  const request = ["req", "-x509", "-nodes", ...kind.split(" "), ...output, ...signer];
  openssl([...request, ...extensions.flatMap((extension) => ["-addext", extension])]);
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

/** Runs openssl, and returns its output. Throws with its errors if it fails. */
export function openssl(args: readonly string[], input = ""): string {
  return execFileSync("openssl", args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}
