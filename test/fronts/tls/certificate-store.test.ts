import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CertificateStore, type TlsMaterial } from "../../../src/fronts/tls/certificate-store.js";
import { readCertificates } from "../../../src/fronts/tls/read-certificates.js";
import { MetricsRegistry } from "../../../src/monitoring/metrics-registry.js";
import { certificateFolder, makeCertificate, type TestCertificate } from "../../support/tls/certificates.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const dayMs = 24 * 60 * 60 * 1000;

/** A store of one pair, in files that the test replaces. */
function stored(certificate: TestCertificate, clock = new VirtualClock(Date.now())) {
  const lines: string[] = [];
  const line =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const metrics = new MetricsRegistry();
  const store = new CertificateStore({ files: [certificate], clock, logger, metrics });
  onTestFinished(() => store.close());
  const seen: TlsMaterial[] = [];
  store.follow((material) => seen.push(material));
  return { store, seen, clock, lines, metrics };
}

function replace(from: TestCertificate, to: TestCertificate): void {
  copyFileSync(from.certFile, to.certFile);
  copyFileSync(from.keyFile, to.keyFile);
}

test("a reload uses the new files, and tells the followers, the log and the gauge", () => {
  const folder = certificateFolder();
  const certificate = makeCertificate(folder, "a");
  const { store, seen, lines, metrics } = stored(certificate);
  const before = store.material;
  const next = makeCertificate(folder, "b", { days: 300, names: ["DNS:b.example.org"] });
  replace(next, certificate);
  store.reload();
  expect(seen).toEqual([store.material]);
  expect(store.material.pairs[0]?.cert).toBe(next.cert);
  expect(store.material.ticketKeys).toBe(before.ticketKeys);
  const told = lines.filter((line) => line.startsWith("info TLS certificates are in use "));
  expect(told).toHaveLength(2);
  expect(told[1]).toContain('"names":["b.example.org"]');
  expect(Object.entries(metrics.snapshot())).toContainEqual([
    expect.stringContaining(`tls_certificate_expiry_timestamp_seconds{certificate=${certificate.certFile}}`),
    (store.material.pairs[0]?.expiresAtMs ?? 0) / 1000,
  ]);
});

test("a key that does not match keeps the earlier pair, and the log says so", () => {
  const folder = certificateFolder();
  const certificate = makeCertificate(folder, "a");
  const { store, seen, lines } = stored(certificate);
  const before = store.material;
  copyFileSync(makeCertificate(folder, "b").certFile, certificate.certFile);
  store.reload();
  expect(store.material).toBe(before);
  expect(seen).toEqual([]);
  expect(lines.at(-1)).toContain(
    "error the TLS certificates could not be read again; the earlier ones stay in use",
  );
  expect(lines.at(-1)).toContain(`${certificate.keyFile}: the key does not belong to the certificate in`);
});

test("a reload of the same texts changes and logs nothing", () => {
  const certificate = makeCertificate(certificateFolder(), "a");
  const { store, seen, lines } = stored(certificate);
  const count = lines.length;
  writeFileSync(certificate.certFile, certificate.cert);
  store.reload();
  expect(seen).toEqual([]);
  expect(lines).toHaveLength(count);
});

test("the store notices by itself that its files have changed", async () => {
  const folder = certificateFolder();
  const certificate = makeCertificate(folder, "a");
  const { store, seen, clock } = stored(certificate);
  replace(makeCertificate(folder, "b"), certificate);
  await expect
    .poll(() => {
      clock.advance(2000);
      return seen.length;
    })
    .toBe(1);
  expect(seen).toEqual([store.material]);
});

test("twice a day the ticket keys change, and the log warns of a certificate that expires soon or has expired", () => {
  const certificate = makeCertificate(certificateFolder(), "a", { days: 15 });
  const { store, seen, clock, lines } = stored(certificate);
  const before = store.material.ticketKeys;
  const warnings = (): readonly string[] => lines.filter((line) => !line.startsWith("info"));
  clock.advance(dayMs / 2);
  expect(seen).toHaveLength(1);
  expect(Buffer.from(before, "base64")).toHaveLength(48);
  expect(store.material.ticketKeys).not.toBe(before);
  expect(warnings()).toEqual([]);
  clock.advance(dayMs);
  expect(warnings().at(-1)).toContain("warn a TLS certificate expires soon");
  clock.advance(15 * dayMs);
  expect(warnings().at(-1)).toContain("error a TLS certificate has expired");
});

test("the log warns of a certificate that is not valid yet", () => {
  const certificate = makeCertificate(certificateFolder(), "a");
  const { lines } = stored(certificate, new VirtualClock(Date.now() - 10 * dayMs));
  expect(lines.at(-1)).toContain("error a TLS certificate is not valid yet");
});

test("a store whose files have a fault does not start, and leaves no timer behind", () => {
  const folder = certificateFolder();
  const clock = new VirtualClock();
  const certFile = join(folder, "none");
  expect(() => stored({ certFile, keyFile: certFile, cert: "", key: "" }, clock)).toThrow("ENOENT");
  expect(clock.timers).toBe(0);
});

test("a store that gets the certificates of other files watches these", async () => {
  const folder = certificateFolder();
  const { store, seen, clock } = stored(makeCertificate(folder, "a"));
  const other = makeCertificate(folder, "b");
  store.use(readCertificates([other]));
  expect(store.material.pairs[0]?.certFile).toBe(other.certFile);
  replace(makeCertificate(folder, "c"), other);
  await expect
    .poll(() => {
      clock.advance(2000);
      return seen.length;
    })
    .toBe(2);
});
