import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { startHub } from "../support/hub-process.js";
import { connectRaw } from "../support/raw-http.js";
import { reloadUnderLoad } from "../support/reload/reload-under-load.js";
import { hangUp, SettingsFile } from "../support/reload/settings-file.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

describe.each([0, 2])("SIGHUP with %d workers", (workers) => {
  it("under load accepts the new key, refuses the old one, and disconnects nobody", async () => {
    const { faults, open, wronglyAnswered, requests } = await reloadUnderLoad({
      workers,
      clients: 40,
      reloads: 3,
    });
    expect({ faults, open, wronglyAnswered }).toEqual({ faults: {}, open: 40, wronglyAnswered: [] });
    expect(requests).toBeGreaterThan(10);
  });

  it("changes origins, proxies, limits and the log level", async () => {
    const settings = {
      publicUrl: hubUrl,
      tokenIssuer: issuer,
      tokenSecret: secret,
      logLevel: "info",
      workers,
    };
    const file = await SettingsFile.create(settings);
    const hub = await startHub({ args: ["--config", file.path] });
    const origin = "https://app.example.org";
    const look = async (): Promise<readonly unknown[]> => {
      const refused = await fetch(`${hub.httpUrl}/%FF`, {
        headers: { origin, "x-forwarded-for": "203.0.113.9" },
      });
      const topic = await fetch(`${hub.httpUrl}/publish/a-topic-of-20-bytes-`, {
        method: "POST",
        headers: { authorization: `Bearer ${await currentToken({ publish: ["*"] })}` },
        body: "x",
      });
      await Promise.all([refused.arrayBuffer(), topic.arrayBuffer()]);
      const client = hub.stderr.match(/"client":"[^"]*"/g)?.at(-1);
      return [refused.headers.get("access-control-allow-origin"), topic.status, client];
    };
    expect(await look()).toEqual([null, 200, '"client":"127.0.0.1"']);
    await file.write({
      ...settings,
      corsOrigins: [origin],
      trustedProxies: ["127.0.0.1"],
      logLevel: "debug",
      limits: { topicBytes: 16 },
    });
    await hangUp(hub);
    // The worker itself answers the malformed request. It gets the message about the settings a moment later.
    await waitFor(async () => (await look())[0] === origin, { within, missing: "the new origins" });
    const after = await look();
    expect(after.slice(0, 2)).toEqual([origin, 413]);
    expect(hub.stderr).toContain('"client":"203.0.113.9"');
    await file.write({ ...settings, logLevel: "silent" });
    hub.signal("SIGHUP");
    await waitFor(async () => (await look())[0] === null, { within, missing: "the earlier origins" });
  });
});

describe("SIGHUP", () => {
  it("changes the connections that each worker may have", async () => {
    const settings = { workers: 1, limits: { connectionsPerWorker: 100 } };
    const file = await SettingsFile.create(settings);
    const hub = await startHub({ args: ["--config", file.path] });
    const isServed = async (): Promise<boolean> => {
      const client = await connectRaw({ port: hub.httpPort });
      client.write("GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n");
      await waitFor(() => client.closed || client.text.includes("200 OK"), { within, missing: "an answer" });
      return !client.closed;
    };
    expect([await isServed(), await isServed()]).toEqual([true, true]);
    await file.write({ ...settings, limits: { connectionsPerWorker: 2 } });
    await hangUp(hub);
    expect(await isServed(), "a third connection").toBe(false);
    await file.write(settings);
    await hangUp(hub);
    expect(await isServed()).toBe(true);
  });

  it("with a fault keeps everything and names each fault, and works again afterwards", async () => {
    const file = await SettingsFile.create({ limits: { topicBytes: 1024 } });
    const hub = await startHub({ args: ["--config", file.path, "--open"] });
    const publish = async (): Promise<number> =>
      (await fetch(`${hub.httpUrl}/publish/a-topic-of-20-bytes-`, { method: "POST", body: "x" })).status;
    await file.write({ limits: { topicBytes: 1 }, retryMs: "soon" });
    await hangUp(hub);
    expect(hub.stderr).toMatch(/limits\.topicBytes in [^ ]*settings\.json: given 1, allowed/);
    expect(hub.stderr).toMatch(/retryMs in [^ ]*settings\.json: given \\"soon\\", allowed/);
    await writeFile(file.path, "{");
    await hangUp(hub);
    expect(hub.stderr).toMatch(/settings\.json: not JSON/);
    expect(await publish()).toBe(200);
    await file.write({ limits: { topicBytes: 16 } });
    await hangUp(hub);
    expect(await publish()).toBe(413);
  });

  it("a new worker has the changed settings", async () => {
    const origin = "https://app.example.org";
    const file = await SettingsFile.create({ workers: 1 });
    const hub = await startHub({ args: ["--config", file.path], admin: "127.0.0.1:0" });
    await file.write({ workers: 1, corsOrigins: [origin] });
    await hangUp(hub);
    const pid = async (): Promise<number | undefined> => {
      const stats = (await (await fetch(new URL("/stats", hub.ready.get("admin")?.[0]))).json()) as {
        readonly workers: readonly { readonly pid?: number; readonly state: string }[];
      };
      const [worker] = stats.workers;
      return worker?.state === "up" ? worker.pid : undefined;
    };
    const first = await waitFor(pid, { within, missing: "a worker" });
    process.kill(first, "SIGKILL");
    await waitFor(async () => ![first, undefined].includes(await pid()), { within, missing: "a new worker" });
    // The worker itself answers a malformed request.
    const client = await connectRaw({ port: hub.httpPort });
    client.write(`GET /%FF HTTP/1.1\r\nHost: hub\r\nOrigin: ${origin}\r\n\r\n`);
    const answer = await client.readUntil("\r\n\r\n", { within });
    expect(answer.toLowerCase()).toContain(`access-control-allow-origin: ${origin}`);
  });
});
