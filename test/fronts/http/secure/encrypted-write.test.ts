import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../../src/app/system-clock.js";
import { silentLogger } from "../../../../src/base/log.js";
import { silentMetrics } from "../../../../src/base/metrics.js";
import {
  isHeldUp,
  writeEncrypted,
  writeOneByOne,
} from "../../../../src/fronts/http/secure/encrypted-write.js";
import { newTicketKeys } from "../../../../src/fronts/tls/certificate-store.js";
import { readCertificates } from "../../../../src/fronts/tls/read-certificates.js";
import { SecureConnections } from "../../../../src/fronts/tls/secure-connections.js";
import { certificateFolder, makeCertificate } from "../../../support/tls/certificates.js";

/** Both ends of a TLS connection. */
async function pair(): Promise<{ readonly server: TLSSocket; readonly client: TLSSocket }> {
  const material = {
    pairs: readCertificates([makeCertificate(certificateFolder(), "a")]),
    ticketKeys: newTicketKeys(),
  };
  const connections = new SecureConnections({
    material,
    http2Streams: 0,
    clock: systemClock,
    logger: silentLogger,
    metrics: silentMetrics,
  });
  let secured: (secure: TLSSocket) => void = () => undefined;
  const ready = new Promise<TLSSocket>((resolve) => (secured = resolve));
  const listener = createServer({ pauseOnConnect: true }, (raw) =>
    connections.take(raw, { peer: "127.0.0.1", ready: secured }),
  );
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  const server = await ready;
  onTestFinished(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  server.on("error", () => undefined);
  writeOneByOne(server);
  return { server, client };
}

/** The bytes that Node holds for the socket outside of JavaScript. */
function encryptedBytes(socket: TLSSocket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  return Number(handle instanceof Object ? Reflect.get(handle, "writeQueueSize") : 0);
}

test("for a client that does not read, only one part of a round is encrypted", async () => {
  const { server, client } = await pair();
  client.pause();
  const round = Buffer.alloc(1024 * 1024, 1);
  for (let rounds = 0; rounds < 16; rounds += 1) writeEncrypted(server, round, () => undefined);
  // The kernel takes what its buffers hold. Then the rest stays here.
  await expect.poll(() => isHeldUp(server)).toBe(true);
  let before = -1;
  await expect
    .poll(() => {
      const isSame = server.writableLength === before;
      before = server.writableLength;
      return isSame;
    })
    .toBe(true);
  expect(encryptedBytes(server)).toBeGreaterThan(0);
  expect(encryptedBytes(server)).toBeLessThan(80 * 1024);
});

test("all bytes arrive in order, and the callback comes once, after the last of them", async () => {
  const { server, client } = await pair();
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const got: Buffer[] = [];
  client.on("data", (bytes) => got.push(bytes));
  let calls = 0;
  const written = new Promise<void>((resolve) =>
    writeEncrypted(server, sent, () => {
      calls += 1;
      expect(server.writableLength).toBe(0);
      resolve();
    }),
  );
  await written;
  await expect.poll(() => Buffer.concat(got).length).toBe(sent.length);
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(calls).toBe(1);
});

test("a client that reads everything does not hold the hub up", async () => {
  const { server, client } = await pair();
  client.resume();
  for (let writes = 0; writes < 3; writes += 1) {
    const written = new Promise<void>((resolve) => writeEncrypted(server, Buffer.alloc(1000), resolve));
    expect(server.writableLength).toBe(1000);
    expect(isHeldUp(server)).toBe(false);
    await written;
  }
});
