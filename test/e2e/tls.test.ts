import { execFile, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { hubEntry, spawnHub } from "../support/hub-process.js";
import { startLoadClients } from "../support/load/client.js";
import { startProducer } from "../support/producer.js";
import { connectRaw } from "../support/raw-http.js";
import { certificateFolder, makeCertificate } from "../support/tls/certificates.js";
import { startSecureHub, tlsArguments } from "../support/tls/secure-hub.js";

const within = 60_000;
const run = promisify(execFile);

/** The standard output of a program, whatever its exit code. */
async function outputOf(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const done = run(file, args, { timeout: within, env: { ...process.env, ...env } });
  done.child.stdin?.end();
  const { stdout, stderr } = await done.catch((error: { stdout: string; stderr: string }) => error);
  return stdout + stderr;
}

/** The common name of the certificate that a new client gets. */
function commonName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
    onTestFinished(() => void client.destroy());
    client.once("error", reject).once("secureConnect", () => {
      resolve(String(client.getPeerCertificate().subject.CN));
      client.destroy();
    });
  });
}

describe.each([0, 2])("with %i workers", (workers) => {
  test("a certificate is replaced under load: new clients get the new one, and no client loses an event or its stream", async () => {
    const folder = certificateFolder();
    const certificate = makeCertificate(folder, "hub", { commonName: "before" });
    const next = makeCertificate(folder, "next", { commonName: "after" });
    const hub = await startSecureHub([certificate], { args: ["--workers", String(workers)] });
    const loadClients = startLoadClients();
    const open = { clients: 100, port: hub.httpPort, tls: true, firstSequence: 1 };
    const early = await loadClients.open({ ...open, name: "early" });
    expect(await commonName(hub.httpPort)).toBe("before");
    const count = 2500;
    const producer = await startProducer({
      endpoint: hub.ingest,
      count,
      bytes: 200,
      pace: { kind: "bursts", size: 5, perSecond: 100 },
    });
    // First only one of the two files: the earlier pair stays in use.
    copyFileSync(next.certFile, certificate.certFile);
    await hub.waitForLog(/the earlier ones stay in use/, { within });
    expect(await commonName(hub.httpPort)).toBe("before");
    copyFileSync(next.keyFile, certificate.keyFile);
    await hub.waitForLog(/TLS certificates are in use[^]*TLS certificates are in use/, { within });
    await expect.poll(() => commonName(hub.httpPort), { timeout: within }).toBe("after");
    await producer.done({ within });
    await early.waitSequence({ atLeast: count, within });
    expect(await early.faults()).toEqual({});
    expect((await early.snapshot()).counts).toMatchObject({ open: 100, events: 100 * count });
  });

  test("SIGHUP reads the certificates at once", async () => {
    const folder = certificateFolder();
    const certificate = makeCertificate(folder, "hub", { commonName: "before" });
    const next = makeCertificate(folder, "next", { commonName: "after" });
    const hub = await startSecureHub([certificate], { args: ["--workers", String(workers)] });
    copyFileSync(next.certFile, certificate.certFile);
    copyFileSync(next.keyFile, certificate.keyFile);
    hub.signal("SIGHUP");
    await expect.poll(() => commonName(hub.httpPort), { timeout: within }).toBe("after");
  });

  test("a pair that does not match changes nothing, neither at SIGHUP nor at a change of its files, and a pair that does match is used", async () => {
    const folder = certificateFolder();
    const [hubs, other] = [
      makeCertificate(folder, "hub", { commonName: "before" }),
      makeCertificate(folder, "other"),
    ];
    const next = makeCertificate(folder, "next", { commonName: "after" });
    const options = ["--open", "--workers", String(workers)];
    const hub = await startSecureHub([hubs], { args: options });
    const stream = await connectRaw({ port: hub.httpPort, tls: true });
    stream.write("GET /esupdates?topic=news HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stream.readUntil("retry:", { within });
    const reachesStream = async (data: string): Promise<void> => {
      const url = `https://localhost:${hub.httpPort}`;
      const args = [hubEntry, "publish", "--topic", "news", "--url", url, "--data", data];
      expect(await outputOf(process.execPath, args, { NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toContain("#");
      await stream.readUntil(`data: ${data}\n`, { within });
    };
    const fault = `${hubs.keyFile}: the key does not belong to the certificate in ${hubs.certFile}`;

    // The hub reads this pair twice: at SIGHUP, and when it notices the change.
    copyFileSync(other.keyFile, hubs.keyFile);
    hub.signal("SIGHUP");
    const [refused] = await hub.waitForLog(
      /.*the configuration is not loaded again; the earlier one stays.*/,
      {
        within,
      },
    );
    expect(JSON.parse(refused)).toMatchObject({ level: "error", faults: [fault] });
    expect(await commonName(hub.httpPort)).toBe("before");
    await reachesStream("after SIGHUP");

    const [changed] = await hub.waitForLog(
      /.*certificates could not be read again; the earlier ones stay.*/,
      {
        within,
      },
    );
    expect(JSON.parse(changed)).toMatchObject({ level: "error", reason: fault });
    expect(await commonName(hub.httpPort)).toBe("before");
    await reachesStream("after the change");

    copyFileSync(next.certFile, hubs.certFile);
    copyFileSync(next.keyFile, hubs.keyFile);
    await expect.poll(() => commonName(hub.httpPort), { timeout: within }).toBe("after");
    await reachesStream("with another certificate");
    expect(stream.closed).toBe(false);
  });

  test("openssl gets the certificate of the host that it names, and the first one for another host or for none", async () => {
    const folder = certificateFolder();
    const certificateOf = (name: string, ...names: readonly string[]) =>
      makeCertificate(folder, name, { commonName: name, names: names.map((each) => `DNS:${each}`) });
    const pairs = [certificateOf("first", "a.example"), certificateOf("second", "b.example", "*.b.example")];
    const hub = await startSecureHub(pairs, { args: ["--workers", String(workers)] });
    const subjectFor = async (...args: readonly string[]): Promise<string | undefined> => {
      const at = ["s_client", "-connect", `127.0.0.1:${hub.httpPort}`];
      return /subject=CN ?= ?(\w+)/.exec(await outputOf("openssl", [...at, ...args]))?.[1];
    };
    const wanted = {
      "a.example": "first",
      "b.example": "second",
      "B.EXAMPLE": "second",
      "c.b.example": "second",
      "d.c.b.example": "first",
      "unknown.example": "first",
    };
    // The workers get connections in rotation, so with two requests each worker answers each name.
    for (const [name, subject] of Object.entries(wanted))
      for (const version of ["-tls1_2", "-tls1_3"])
        expect([name, await subjectFor("-servername", name, version)]).toEqual([name, subject]);
    for (let turn = 0; turn < 2; turn += 1) expect(await subjectFor("-noservername")).toBe("first");
  });

  test("openssl finds TLS 1.2 and 1.3 with strong ciphers, and nothing older", async () => {
    const hub = await startSecureHub([makeCertificate(certificateFolder(), "hub", { rsaBits: 2048 })], {
      args: ["--workers", String(workers)],
    });
    const ask = (...args: readonly string[]): Promise<string> =>
      outputOf("openssl", ["s_client", "-connect", `127.0.0.1:${hub.httpPort}`, ...args]);
    expect(await ask("-tls1_3", "-alpn", "h2,http/1.1")).toMatch(
      /New, TLSv1.3, Cipher is TLS_[^]*ALPN protocol: h2/,
    );
    expect(await ask("-tls1_3", "-alpn", "http/1.1")).toMatch(/ALPN protocol: http\/1.1/);
    expect(await ask("-tls1_2")).toMatch(/New, TLSv1.2, Cipher is ECDHE-RSA-(?:AES(?:128|256)-GCM|CHACHA20)/);
    const weak = [
      ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"],
      ["-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"],
      ["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
      ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"],
      ["-alpn", "spdy/3"],
    ];
    for (const args of weak)
      expect(await ask(...args)).toMatch(
        /alert (?:protocol version|handshake failure|no application protocol)/,
      );
  });

  test("curl follows the redirect, and the answer over TLS says that browsers stay there", async () => {
    const certificate = makeCertificate(certificateFolder(), "hub");
    const args = ["--hsts", "300", "--workers", String(workers), "--http-redirect", "127.0.0.1:0"];
    const hub = await startSecureHub([certificate], { args: [...args, "--public-url", "https://localhost"] });
    const [url = ""] = hub.ready.get("redirect") ?? [];
    expect(await outputOf("curl", ["-sS", "-i", `${url}/esupdates?topic=a`])).toMatch(
      /^HTTP\/1.1 308 [^]*\r\nLocation: https:\/\/127.0.0.1\/esupdates\?topic=a\r\n/,
    );
    const secure = ["-sS", "-i", "--cacert", certificate.certFile];
    for (const path of ["/healthz", "/", "/none", "/poll?bad", "/%zz"])
      expect(await outputOf("curl", [...secure, `${hub.ready.get("http")?.[0]}${path}`])).toMatch(
        /\r\nstrict-transport-security: max-age=300\r\n/i,
      );
    expect(await outputOf("curl", ["-sS", `http://127.0.0.1:${hub.httpPort}/`])).toBe(
      "This address speaks TLS. Use https:// in place of http://.\n",
    );
  });
});

test("pharos publish and subscribe work over https if they know the private authority, and say what is wrong if not", async () => {
  const folder = certificateFolder();
  const authority = makeCertificate(folder, "authority", { isAuthority: true, commonName: "authority" });
  const hub = await startSecureHub([makeCertificate(folder, "hub", { authority })], { args: ["--open"] });
  const url = `https://127.0.0.1:${hub.httpPort}`;
  const trust = { NODE_EXTRA_CA_CERTS: authority.certFile };
  const publish = [hubEntry, "publish", "--topic", "news", "--url", url, "--data", "Hello", "--retain"];
  expect(await outputOf(process.execPath, publish, trust)).toMatch(/#\S+:1/);
  const subscriber = spawn(process.execPath, [hubEntry, "subscribe", "--topic", "news", url], {
    env: { ...process.env, ...trust },
  });
  onTestFinished(() => void subscriber.kill("SIGKILL"));
  let events = "";
  subscriber.stdout.setEncoding("utf8").on("data", (text: string) => (events += text));
  await expect.poll(() => events, { timeout: within }).toContain("Hello");
  expect(await outputOf(process.execPath, publish)).toMatch(/certificate/);
});

test("a hub whose certificate cannot be used does not start, and says why in one line for each fault", async () => {
  const folder = certificateFolder();
  const [one, two] = [makeCertificate(folder, "one"), makeCertificate(folder, "two")];
  const hub = await spawnHub({ http: "off", args: [...tlsArguments({ ...one, keyFile: two.keyFile })] });
  expect((await hub.waitForExit({ within })).code).not.toBe(0);
  expect(hub.stderr).toContain(
    `${two.keyFile}: the key does not belong to the certificate in ${one.certFile}`,
  );
});
