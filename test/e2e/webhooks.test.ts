import { describe, expect, it } from "vitest";
import type { FrontName } from "../contract/differences.js";
import { startSite } from "../contract/site.js";
import { startHub } from "../support/hub-process.js";
import { hangUp, SettingsFile } from "../support/reload/settings-file.js";
import { certificateFolder, makeCertificate, type TestCertificate } from "../support/tls/certificates.js";
import { waitFor } from "../support/wait-for.js";
import { secret, signOlder } from "../support/token.js";
import { handshakeHeaders } from "../support/web-socket.js";
import { WebhookReceiver } from "../support/webhook-receiver.js";

const within = 30_000;

const fronts: Readonly<Record<string, { readonly front: FrontName; readonly workers?: string }>> = {
  http: { front: "http" },
  workers: { front: "http", workers: "2" },
  mongrel2: { front: "mongrel2-shipped" },
};

function head(target: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ Host: "localhost", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `GET ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

describe.each(Object.entries(fronts))("webhooks of the front: %s", (_name, { front, workers = "0" }) => {
  it("tell of the begin and the end of streams, WebSockets and streams of all protocols", async () => {
    const receiver = await WebhookReceiver.start();
    const site = await startSite(front, {
      settings: {
        PHAROS_WEBHOOK: receiver.url,
        PHAROS_WEBHOOK_SECRET: receiver.secret,
        PHAROS_TOKEN_SECRET: secret,
        PHAROS_WORKERS: workers,
      },
    });
    const token = await signOlder({ sub: "alice", mercure: { subscribe: ["*"] } });
    const authorization = { Authorization: `Bearer ${token}` };
    const targets = {
      "sse/a": head("/esupdates?topic=sse/a", authorization),
      "ws/a": head("/ws?topic=ws/a", { ...handshakeHeaders, ...authorization }),
      "mercure/a": head("/.well-known/mercure?topic=mercure/a"),
    };
    for (const [topic, bytes] of Object.entries(targets)) {
      const client = await site.connect();
      client.write(bytes);
      await client.readUntil("\r\n\r\n", { within });
      const begin = await receiver.subscribed(topic);
      expect(begin).toMatchObject({ filters: [topic], address: "127.0.0.1" });
      expect(begin["subject"]).toBe(topic === "mercure/a" ? undefined : "alice");
      client.close();
      const end = await receiver.event({ event: "leave", client: begin["client"] });
      expect(end).toMatchObject({ reason: "left", filters: [topic] });
    }
    const last = await site.connect();
    last.write(head("/esupdates?topic=last"));
    await last.readUntil("\r\n\r\n", { within });
    expect(await receiver.subscribed("last")).toMatchObject({
      front: front === "http" ? "http" : "mongrel2",
    });
    await site.stop();
    expect(receiver.events.at(-1)).toMatchObject({ event: "leave", reason: "stopping", filters: ["last"] });
    expect(receiver.messages.every(({ isSigned }) => isSigned)).toBe(true);
  });
});

describe("an https receiver of webhooks", () => {
  const serve = async (): Promise<{ receiver: WebhookReceiver; authority: TestCertificate }> => {
    const folder = certificateFolder();
    const authority = makeCertificate(folder, "authority", { isAuthority: true, commonName: "an authority" });
    const tls = makeCertificate(folder, "receiver", { authority });
    return { receiver: await WebhookReceiver.start({ tls }), authority };
  };
  const settingsOf = ({ url, secret: key }: WebhookReceiver): Record<string, string> => ({
    PHAROS_WEBHOOK: url,
    PHAROS_WEBHOOK_SECRET: key,
  });

  it("gets messages if --webhook-ca has its authority", async () => {
    const { receiver, authority } = await serve();
    const site = await startSite("http", {
      settings: { ...settingsOf(receiver), PHAROS_WEBHOOK_CA: authority.certFile },
    });
    (await site.connect()).write(head("/esupdates?topic=a"));
    await receiver.subscribed("a");
    expect(receiver.messages.every(({ isSigned }) => isSigned)).toBe(true);
  });

  it("gets nothing from a hub that does not know its authority", async () => {
    const { receiver } = await serve();
    const site = await startSite("http", { settings: settingsOf(receiver) });
    (await site.connect()).write(head("/esupdates?topic=a"));
    await waitFor(() => site.figure("webhooks_total") > 0, { within, missing: "an attempt" });
    expect(receiver.messages).toEqual([]);
  });
});

describe("SIGHUP", () => {
  it("changes the receiver and its secret, and switches webhooks off and on", async () => {
    const [one, other] = [await WebhookReceiver.start(), await WebhookReceiver.start()];
    const settingsOf = ({ url, secret: webhookSecret }: WebhookReceiver): object => ({
      webhook: url,
      webhookSecret,
    });
    const file = await SettingsFile.create(settingsOf(one));
    const hub = await startHub({ args: ["--config", file.path] });
    const open = async (topic: string): Promise<Response> => fetch(`${hub.httpUrl}/esupdates?topic=${topic}`);
    const first = await open("first");
    await one.subscribed("first");
    await file.write(settingsOf(other));
    await hangUp(hub);
    const second = await open("second");
    await other.subscribed("second");
    await first.body?.cancel();
    await other.event({ event: "leave", reason: "left" });
    await file.write({});
    await hangUp(hub);
    const silent = await open("silent");
    await file.write(settingsOf(one));
    await hangUp(hub);
    await silent.body?.cancel();
    const last = await open("last");
    await one.subscribed("last");
    await last.body?.cancel();
    await one.event({ event: "leave" });
    await second.body?.cancel();
    const filters = one.events.flatMap(({ filters }) => filters);
    expect(filters).not.toContain("silent");
    expect([...one.messages, ...other.messages].every(({ isSigned }) => isSigned)).toBe(true);
  });
});
