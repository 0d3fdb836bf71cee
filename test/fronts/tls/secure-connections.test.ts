import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { silentLogger, type LogFields } from "../../../src/base/log.js";
import { newTicketKeys } from "../../../src/fronts/tls/certificate-store.js";
import { readCertificates } from "../../../src/fronts/tls/read-certificates.js";
import { SecureConnections } from "../../../src/fronts/tls/secure-connections.js";
import { MetricsRegistry } from "../../../src/monitoring/metrics-registry.js";
import { certificateFolder, makeCertificate, type TestCertificate } from "../../support/tls/certificates.js";

interface Served {
  readonly port: number;
  readonly connections: SecureConnections;
  readonly figures: () => Readonly<Record<string, number>>;
  /** The sockets below TLS, in the order of their arrival. */
  readonly raw: readonly Socket[];
  /** The connections after their handshakes. */
  readonly secure: readonly TLSSocket[];
  readonly logged: readonly LogFields[];
}

/** A server whose connections get "hello". */
async function serve(
  certificates: readonly TestCertificate[],
  options: { readonly handshakeWithinMs?: number; readonly ticketKeys?: string } = {},
): Promise<Served> {
  const { ticketKeys = newTicketKeys() } = options;
  const metrics = new MetricsRegistry();
  const logged: LogFields[] = [];
  const material = { pairs: readCertificates(certificates), ticketKeys };
  const connections = new SecureConnections({
    ...options,
    material,
    http2Streams: 0,
    clock: systemClock,
    logger: { ...silentLogger, info: (fields) => void logged.push(fields) },
    metrics,
  });
  const raw: Socket[] = [];
  const secure: TLSSocket[] = [];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    raw.push(socket);
    connections.take(socket, {
      peer: "198.51.100.7",
      ready: (ready) => {
        secure.push(ready);
        ready.on("error", () => undefined).write("hello");
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const each of raw) each.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    figures: () => metrics.snapshot(),
    raw,
    secure,
    logged,
  };
}

/** Connects, and resolves when the client has the first byte of the hub, or rejects with the error of the handshake. */
async function connected(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const client = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ...options });
  onTestFinished(() => void client.destroy());
  await once(client, "data");
  return client;
}

function subject(client: TLSSocket): string | undefined {
  return client.getPeerCertificate().subject.CN?.toString();
}

test("a client gets the certificate of the name that it asks for, else the first", async () => {
  const folder = certificateFolder();
  const { port } = await serve([
    makeCertificate(folder, "first", { commonName: "first", names: ["DNS:a.example.org"] }),
    makeCertificate(folder, "wild", { commonName: "wild", names: ["DNS:*.example.org", "DNS:example.net"] }),
    makeCertificate(folder, "exact", {
      commonName: "exact",
      names: ["DNS:c.example.org", "DNS:a.example.org"],
    }),
  ]);
  const asked = {
    "a.example.org": "first",
    "B.example.org": "wild",
    "c.example.org": "exact",
    "example.net": "wild",
  };
  for (const [servername, expected] of Object.entries(asked))
    expect(subject(await connected(port, { servername }))).toBe(expected);
  expect(subject(await connected(port, { servername: "x.y.example.org" }))).toBe("first");
  expect(subject(await connected(port, { servername: "example.org" }))).toBe("first");
  expect(subject(await connected(port))).toBe("first");
});

test("new certificates are for new connections; the earlier connections continue", async () => {
  const folder = certificateFolder();
  const [before, after] = ["before", "after"].map((name) =>
    makeCertificate(folder, name, { commonName: name }),
  );
  if (before === undefined || after === undefined) throw new Error("no certificates");
  const { port, connections, secure } = await serve([before]);
  const old = await connected(port);
  connections.use({ pairs: readCertificates([after]), ticketKeys: newTicketKeys() });
  expect(subject(await connected(port))).toBe("after");
  secure[0]?.write("more");
  expect(String((await once(old, "data"))[0])).toBe("more");
  expect(subject(old)).toBe("before");
});

test.each(["TLSv1.2", "TLSv1.3"] as const)("%s is accepted, with HTTP/1.1, and counted", async (version) => {
  const { port, figures } = await serve([makeCertificate(certificateFolder(), "a")]);
  const client = await connected(port, {
    minVersion: version,
    maxVersion: version,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  expect(client.getProtocol()).toBe(version);
  expect(client.alpnProtocol).toBe("http/1.1");
  expect(figures()[`tls_handshakes_total{protocol=${version}}`]).toBe(1);
});

/** Resolves when the counter of the failed handshakes has this reason once. */
function failed(figures: Served["figures"], reason: string): Promise<void> {
  return expect.poll(() => figures()[`tls_handshakes_failed_total{reason=${reason}}`]).toBe(1);
}

test.each<[string, ConnectionOptions, string]>([
  ["TLS 1.1", { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" }, "protocol"],
  ["a cipher without forward secrecy", { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }, "protocol"],
  ["HTTP/2 alone", { ALPNProtocols: ["h2"] }, "protocol"],
])("%s: no connection, and a reason in the counter", async (_name, options, reason) => {
  const { port, figures, raw, secure } = await serve([makeCertificate(certificateFolder(), "a")]);
  await expect(connected(port, options)).rejects.toThrow(/alert/);
  await failed(figures, reason);
  expect(secure).toEqual([]);
  await expect.poll(() => raw.every(({ destroyed }) => destroyed)).toBe(true);
});

test("a client that does not accept the certificate: no connection, and a reason in the counter", async () => {
  const { port, figures, secure } = await serve([makeCertificate(certificateFolder(), "a")]);
  const client = spawn("openssl", ["s_client", "-verify_return_error", "-connect", `127.0.0.1:${port}`]);
  await once(client, "exit");
  await failed(figures, "certificate");
  expect(secure).toEqual([]);
});

/** Connects without TLS, and writes the bytes. */
async function plain(port: number, bytes: string): Promise<Socket> {
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  client.on("error", () => undefined);
  await once(client, "connect");
  client.write(Buffer.from(bytes, "latin1"));
  return client;
}

test("a client that speaks plain HTTP gets an answer that says what to do", async () => {
  const { port, figures } = await serve([makeCertificate(certificateFolder(), "a")]);
  const client = await plain(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const chunks: Buffer[] = [];
  client.on("data", (chunk) => chunks.push(chunk));
  await once(client, "close");
  expect(Buffer.concat(chunks).toString()).toMatch(
    /^HTTP\/1\.1 400 [\s\S]*Use https:\/\/ in place of http:\/\/\.\n$/,
  );
  await failed(figures, "http");
});

test("bytes that are not TLS end the connection", async () => {
  const { port, figures, secure } = await serve([makeCertificate(certificateFolder(), "a")]);
  await once(await plain(port, "SSH-2.0-OpenSSH_9.2\r\n"), "close");
  await failed(figures, "other");
  expect(secure).toEqual([]);
});

test("the log of a failed handshake names the client, not the proxy that has passed the connection on", async () => {
  const { port, logged } = await serve([makeCertificate(certificateFolder(), "a")]);
  await once(await plain(port, "SSH-2.0-OpenSSH_9.2\r\n"), "close");
  await expect.poll(() => logged).toMatchObject([{ reason: "other", peer: "198.51.100.7" }]);
});

test.each(["", "\x16\x03\x01"])("a client that stops after %j is closed at the time limit", async (bytes) => {
  const { port, figures, raw } = await serve([makeCertificate(certificateFolder(), "a")], {
    handshakeWithinMs: 50,
  });
  await once(await plain(port, bytes), "close");
  await failed(figures, "timeout");
  await expect.poll(() => raw[0]?.destroyed).toBe(true);
});

test.each<[string, (client: Socket) => void]>([
  ["ends its side", (client) => client.end()],
  ["leaves", (client) => client.destroy()],
  ["breaks the connection", (client) => client.resetAndDestroy()],
])("a client that %s in the handshake is closed and counted at once", async (_name, leave) => {
  const { port, figures, raw } = await serve([makeCertificate(certificateFolder(), "a")]);
  const client = await plain(port, "\x16\x03\x01");
  await expect.poll(() => raw.length).toBe(1);
  leave(client);
  await failed(figures, "left");
  await expect.poll(() => raw[0]?.destroyed).toBe(true);
});

test("close ends the connections in a handshake, and no others", async () => {
  const { port, connections, secure, raw } = await serve([makeCertificate(certificateFolder(), "a")]);
  await connected(port);
  const waiting = await plain(port, "\x16\x03\x01");
  await expect.poll(() => raw.length).toBe(2);
  connections.close();
  await expect.poll(() => waiting.destroyed).toBe(true);
  expect(secure[0]?.destroyed).toBe(false);
});

test("after the handshake, a client may end its side and still gets its answer", async () => {
  const { port, secure } = await serve([makeCertificate(certificateFolder(), "a")]);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const client = connectTls({ socket, rejectUnauthorized: false });
  onTestFinished(() => void client.destroy());
  await once(client, "data");
  const server = secure[0];
  if (server === undefined) throw new Error("no connection");
  client.end();
  server.resume();
  await once(server, "end");
  server.end("answer");
  expect(String((await once(client, "data"))[0])).toBe("answer");
});

test.each(["TLSv1.2", "TLSv1.3"] as const)(
  "%s: a client resumes its session in another process, until the ticket keys change",
  async (maxVersion) => {
    const certificate = makeCertificate(certificateFolder(), "a");
    const ticketKeys = newTicketKeys();
    const [first, second] = [
      await serve([certificate], { ticketKeys }),
      await serve([certificate], { ticketKeys }),
    ];
    const client = connectTls({ port: first.port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion });
    onTestFinished(() => void client.destroy());
    client.resume();
    const [session] = (await once(client, "session")) as [Buffer];
    const resumed = await connected(second.port, { session, maxVersion });
    expect(resumed.isSessionReused()).toBe(true);
    second.connections.use({ pairs: readCertificates([certificate]), ticketKeys: newTicketKeys() });
    const fresh = await connected(second.port, { session, maxVersion });
    expect(fresh.isSessionReused()).toBe(false);
  },
);
