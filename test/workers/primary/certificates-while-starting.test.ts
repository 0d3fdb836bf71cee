import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentLogger } from "../../../src/base/log.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { CertificateStore } from "../../../src/fronts/tls/certificate-store.js";
import { readCertificates } from "../../../src/fronts/tls/read-certificates.js";
import { childrenOf } from "../../support/children.js";
import { certificateFolder, makeCertificate } from "../../support/tls/certificates.js";
import { waitFor } from "../../support/wait-for.js";
import { WorkersEnvironment, lateWorker } from "./workers-environment.js";

const within = 30_000;

test("certificates that change while a worker starts reach it when it is up", async () => {
  // Bug: the hub sent them to a worker that was not connected. The sending failed, and the hub killed the worker.
  const folder = certificateFolder();
  process.env["LATE_WORKER_FOLDER"] = folder;
  onTestFinished(() => void delete process.env["LATE_WORKER_FOLDER"]);
  const [first, next] = [makeCertificate(folder, "first"), makeCertificate(folder, "next")];
  const ports = { clock: systemClock, logger: silentLogger, metrics: silentMetrics };
  const certificates = new CertificateStore({ ...ports, files: [first] });
  onTestFinished(() => certificates.close());
  const others = childrenOf(process.pid);
  const environment = new WorkersEnvironment({ workers: 1, entry: lateWorker, certificates });
  const listening = environment.listen();
  await waitFor(() => childrenOf(process.pid).some((pid) => !others.includes(pid)), {
    within,
    missing: () => "no worker starts",
  });
  certificates.use(readCertificates([next]));
  writeFileSync(join(folder, "go"), "");
  await listening;
  expect(environment.errors).toEqual([]);
  const file = join(folder, "certificate");
  await waitFor(() => existsSync(file) && readFileSync(file, "utf8") === next.cert, {
    within,
    missing: () => "the worker does not get the new certificate",
  });
});
