import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app/app.js";
import { silentLogger } from "../../src/base/log.js";
import { loadConfig } from "../../src/config/load.js";
import { certificateFolder, makeCertificate } from "../support/tls/certificates.js";
import { VirtualClock } from "../support/virtual-clock.js";

test.each([
  ["the access log", { PHAROS_ACCESS_LOG: "/nowhere/access.log" }, /--access-log/],
  ["its journal", { PHAROS_JOURNAL: "disk:/dev/null" }, /\/dev\/null/],
  ["a certificate", { PHAROS_TLS_CERT: "/nowhere/hub.crt" }, /hub\.crt/],
])("a start that fails because of %s gives everything back", async (_name, wrong, message) => {
  // Bug: the folder of the journal stayed held until the end of the process.
  const dir = mkdtempSync(join(tmpdir(), "pharos-failed-start-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const { certFile, keyFile } = makeCertificate(certificateFolder(), "hub");
  const environment = {
    PHAROS_HTTPS: "127.0.0.1:0",
    PHAROS_TLS_CERT: certFile,
    PHAROS_TLS_KEY: keyFile,
    PHAROS_INGEST: "@tcp://127.0.0.1:*",
    PHAROS_ADMIN: "127.0.0.1:0",
    PHAROS_JOURNAL: `disk:${dir}`,
  };
  const clock = new VirtualClock(Date.now());
  const ports = { logger: silentLogger, version: "1", clock };
  const failing = createApp(loadConfig({ environment: { ...environment, ...wrong } }), ports);
  await expect(failing).rejects.toThrow(message);
  expect(clock.timers).toBe(0);
  const app = await createApp(loadConfig({ environment }), { logger: silentLogger, version: "1" });
  await app.close();
});
