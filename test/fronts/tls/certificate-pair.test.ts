import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseCertificatePair } from "../../../src/fronts/tls/certificate-pair.js";
import { readCertificates } from "../../../src/fronts/tls/read-certificates.js";
import { certificateFolder, makeCertificate, openssl } from "../../support/tls/certificates.js";

test("a pair knows its names, in lower case, and its times", () => {
  const folder = certificateFolder();
  const made = makeCertificate(folder, "a", {
    names: ["DNS:Hub.Example.org", "DNS:*.example.com", "IP:127.0.0.1"],
  });
  const [pair] = readCertificates([made]);
  expect(pair?.names).toEqual(["hub.example.org", "*.example.com"]);
  expect(pair?.expiresAtMs).toBeGreaterThan(Date.now());
  expect(pair?.beginsAtMs).toBeLessThanOrEqual(Date.now());
  expect(pair?.doubts).toEqual([]);
});

test("a certificate without alternative names has the common name", () => {
  const made = makeCertificate(certificateFolder(), "a", { names: [], commonName: "old.example.org" });
  expect(readCertificates([made])[0]?.names).toEqual(["old.example.org"]);
});

test("one file may contain the certificate and the key", () => {
  const folder = certificateFolder();
  const { cert, key } = makeCertificate(folder, "a");
  const file = join(folder, "both.pem");
  writeFileSync(file, key + cert);
  expect(readCertificates([{ certFile: file, keyFile: file }])).toHaveLength(1);
});

test("a chain in order has no doubts; a chain in another order has one for each step", () => {
  const folder = certificateFolder();
  const root = makeCertificate(folder, "root", { isAuthority: true, commonName: "root" });
  const middle = makeCertificate(folder, "middle", {
    isAuthority: true,
    commonName: "middle",
    authority: root,
  });
  const leaf = makeCertificate(folder, "leaf", { authority: middle });
  const ordered = parseCertificatePair(leaf, { cert: leaf.cert + middle.cert + root.cert, key: leaf.key });
  expect(ordered.doubts).toEqual([]);
  const mixed = parseCertificatePair(leaf, { cert: leaf.cert + root.cert + middle.cert, key: leaf.key });
  expect(mixed.doubts).toEqual([
    `${leaf.certFile}: certificate 2 is not the issuer of certificate 1; some clients refuse this`,
    `${leaf.certFile}: certificate 3 is not the issuer of certificate 2; some clients refuse this`,
  ]);
});

const files = { certFile: "/c.pem", keyFile: "/k.pem" };

test.each([
  [
    "no certificate",
    (_cert: string, key: string) => [key, key] as const,
    "/c.pem: this file has no certificate in PEM",
  ],
  ["no key", (cert: string) => [cert, cert] as const, "/k.pem: this file has no private key in PEM"],
  [
    "a damaged certificate",
    (cert: string, key: string) => [cert.replace(/\n[^-]{40}/, "\n"), key] as const,
    "/c.pem: certificate 1 cannot be read: ",
  ],
  [
    "a damaged key",
    (cert: string, key: string) => [cert, key.replace(/\n[^-]{30}/, "\n")] as const,
    "/k.pem: the key cannot be read: ",
  ],
])("%s is refused with the name of the file", (_name, texts, message) => {
  const made = makeCertificate(certificateFolder(), "a");
  const [cert, key] = texts(made.cert, made.key);
  expect(() => parseCertificatePair(files, { cert, key })).toThrow(message);
});

test("an encrypted key is refused, in both notations", () => {
  const { cert, key } = makeCertificate(certificateFolder(), "a", { rsaBits: 2048 });
  const sealed = openssl(["pkey", "-aes256", "-passout", "pass:secret"], key);
  const traditional = openssl(["pkey", "-traditional", "-aes256", "-passout", "pass:secret"], key);
  expect(sealed).toContain("BEGIN ENCRYPTED PRIVATE KEY");
  expect(traditional).toContain("Proc-Type: 4,ENCRYPTED");
  for (const each of [sealed, traditional])
    expect(() => parseCertificatePair(files, { cert, key: each })).toThrow(
      "/k.pem: the key is encrypted; allowed is a key without a passphrase",
    );
});

test("a key of another certificate is refused", () => {
  const folder = certificateFolder();
  const { cert } = makeCertificate(folder, "a");
  const { key } = makeCertificate(folder, "b");
  expect(() => parseCertificatePair(files, { cert, key })).toThrow(
    "/k.pem: the key does not belong to the certificate in /c.pem",
  );
});

test("a chain whose first certificate is that of the authority is refused, with the place of the right one", () => {
  const folder = certificateFolder();
  const root = makeCertificate(folder, "root", { isAuthority: true, commonName: "root" });
  const leaf = makeCertificate(folder, "leaf", { authority: root });
  expect(() => parseCertificatePair(files, { cert: root.cert + leaf.cert, key: leaf.key })).toThrow(
    "/c.pem: the key belongs to certificate 2 of this file; the server's certificate has to be the first",
  );
});

test("a key that the TLS library finds too small is refused", () => {
  const made = makeCertificate(certificateFolder(), "a", { rsaBits: 768 });
  expect(() => readCertificates([made])).toThrow(
    `${made.certFile}: the TLS library refuses this certificate: `,
  );
});

test("every pair with a fault has a line, and a file that is missing, a folder or too large is a fault", () => {
  const folder = certificateFolder();
  const good = makeCertificate(folder, "good");
  const large = join(folder, "large");
  writeFileSync(large, Buffer.alloc(1024 * 1024 + 1));
  const { keyFile } = good;
  const pairs = [join(folder, "none"), folder, large].map((certFile) => ({ certFile, keyFile }));
  expect(() => readCertificates([good, ...pairs])).toThrow(
    [
      `cannot read a TLS certificate or key: ENOENT: no such file or directory, stat '${folder}/none'`,
      `cannot read a TLS certificate or key: ${folder} is not a file`,
      `cannot read a TLS certificate or key: ${large} has more than 1048576 bytes`,
    ].join("\n"),
  );
});
