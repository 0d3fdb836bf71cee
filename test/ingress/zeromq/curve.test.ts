import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { curveKeyPair } from "zeromq";
import { createKeyPair, parseCurveServer } from "../../../src/zeromq/curve/keys.js";
import { PushPublisher, type PublisherOptions } from "../../../src/publisher/push-publisher.js";
import { openIngress, openPush } from "./open-ingress.js";

const server = createKeyPair();
const publisher = createKeyPair();
const stranger = createKeyPair();

/** Opens an ingress that other machines can reach. At `address`, this machine can reach it too. */
async function openGuarded(clients?: readonly string[]) {
  const curve = parseCurveServer({ secretKey: server.secretKey, clients }, "the test's keys");
  const opened = await openIngress({ endpoint: "@tcp://0.0.0.0:0", curve });
  return { ...opened, address: opened.ingress.address.replace("0.0.0.0", "127.0.0.1") };
}

async function openPublisher(address: string, options: PublisherOptions): Promise<PushPublisher> {
  const opened = await PushPublisher.open(address, { lingerMs: 0, ...options });
  onTestFinished(() => opened.close());
  return opened;
}

const right = { ...publisher, serverKey: server.publicKey };

/** Publishers that the ingress refuses, and the reason in the metrics. */
const refused: readonly (readonly [string, PublisherOptions, string])[] = [
  ["no keys", {}, "handshake"],
  ["another hub's public key", { curve: { ...publisher, serverKey: stranger.publicKey } }, "handshake"],
  [
    "a key that is not in the list of clients",
    { curve: { ...stranger, serverKey: server.publicKey } },
    "key",
  ],
];

describe("an ingest endpoint that other machines can reach", () => {
  it.each(["@tcp://0.0.0.0:0", "@tcp://*:0", "@tcp://[::]:0", "@tcp://192.0.2.1:9997"])(
    "is refused without keys: %s",
    async (endpoint) => {
      await expect(openIngress({ endpoint })).rejects.toThrow(
        expect.objectContaining({
          code: "bad-endpoint",
          message: expect.stringMatching(
            /^other machines [^\n]*loopback [^\n]*ipc:[^\n]*--ingest-curve FILE[^\n]*$/,
          ),
        }),
      );
    },
  );

  it("takes what comes under a key among its clients", async () => {
    const { address, sink, records } = await openGuarded([publisher.publicKey]);
    const publishing = await openPublisher(address, { curve: right });
    for (let n = 0; n < 1000; n += 1) await publishing.publish({ data: String(n) });
    await sink.received(1000);
    expect(sink.data).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)));
    expect(records.lines).toEqual([]);
  });

  it("takes any key, where no clients are listed, from whoever knows the hub's", async () => {
    const { address, sink } = await openGuarded();
    const anybody = curveKeyPair();
    await (
      await openPublisher(address, { curve: { ...anybody, serverKey: server.publicKey } })
    ).publish({ data: "a" });
    await sink.received(1);
    expect(sink.data).toEqual(["a"]);
  });

  it.each(refused)(
    "takes nothing with %s, counts it and says why, and nothing stops",
    async (_, options, reason) => {
      const { address, sink, records } = await openGuarded([publisher.publicKey]);
      const intruder = await openPublisher(address, { ...options, timeoutMs: 500 });
      await expect(intruder.publish({ data: "evil" })).rejects.toMatchObject({ code: "not-taken" });
      await records.counted(`publishers_refused_total ${reason}`, 1);
      expect(records.lines[0]).toMatchObject({ level: "warn", fields: { reason } });
      await (await openPublisher(address, { curve: right })).publish({ data: "good" });
      await sink.received(1);
      expect(sink.data).toEqual(["good"]);
    },
  );

  // Publishers without keys retry ten times a second. If all refusals had one rate limit, the log lines of these
  // publishers would use it up.
  it("says whose key is refused also while others come without keys", async () => {
    const { address, records } = await openGuarded([publisher.publicKey]);
    openPush(address);
    await records.counted("publishers_refused_total handshake", 1);
    await openPublisher(address, { curve: { ...stranger, serverKey: server.publicKey } });
    await records.logged("its key is not in the list of clients");
    expect(records.lines.at(-1)).toMatchObject({ fields: { publicKey: stranger.publicKey } });
  });

  it("is not silent to a publisher that it does not let in", async () => {
    const { address } = await openGuarded([publisher.publicKey]);
    const wrong = await openPublisher(address, {
      curve: { ...stranger, serverKey: server.publicKey },
      timeoutMs: 100,
    });
    await expect(wrong.publish({ data: "x" })).rejects.toThrow(
      /within 0\.1 s; if a hub listens there, .* among its clients$/,
    );
    const bare = await openPublisher(address.replace("127.0.0.1", "[::ffff:127.0.0.1]"), { timeoutMs: 100 });
    await expect(bare.publish({ data: "x" })).rejects.toThrow(
      /within 0\.1 s; if a hub listens there, it requires keys/,
    );
  });

  it("takes nothing from a publisher that queues without a connection", async () => {
    const { address, sink } = await openGuarded([publisher.publicKey]);
    // Without `immediate`, a send succeeds until ZeroMQ learns of the refusal. Later sends wait.
    for (const options of [{}, { curveServerKey: server.publicKey, ...curveKeys(stranger) }]) {
      const push = openPush(address, { immediate: false, sendTimeout: 0, ...options });
      await push.send("data: evil");
      for (let n = 1; n < 100; n += 1) await push.send("data: evil").catch(() => undefined);
    }
    await (await openPublisher(address, { curve: right })).publish({ data: "good" });
    await sink.received(1);
    expect(sink.data).toEqual(["good"]);
  });

  it("lets a publisher in that binds, when the hub connects with its keys", async () => {
    const bound = await openPublisher("@tcp://127.0.0.1:0", { curve: right });
    const curve = parseCurveServer({ secretKey: server.secretKey }, "keys");
    // The loopback address in a form that `isLoopback` does not recognise.
    const endpoint = bound.address.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    const { sink } = await openIngress({ endpoint: `>${endpoint}`, curve });
    await bound.publish({ data: "a" });
    await sink.received(1);
    expect(sink.data).toEqual(["a"]);
  });

  it("warns where it connects beyond this machine without keys", async () => {
    const { records } = await openIngress({ endpoint: ">tcp://192.0.2.1:9" });
    expect(records.lines).toMatchObject([{ level: "warn", message: expect.stringMatching(/not encrypted/) }]);
  });

  it("lets loopback publishers in without keys, also where there are some", async () => {
    const curve = parseCurveServer({ secretKey: server.secretKey, clients: [publisher.publicKey] }, "keys");
    const { ingress, sink } = await openIngress({ endpoint: "@tcp://127.0.0.1:0", curve });
    await openPush(ingress.address).send("data: a");
    await sink.received(1);
    expect(sink.data).toEqual(["a"]);
  });

  it("opens again and again in one process, several at a time", async () => {
    for (let n = 0; n < 5; n += 1) {
      const [first, second] = await Promise.all([openGuarded(), openGuarded([publisher.publicKey])]);
      for (const { address, sink } of [first, second]) {
        await (await openPublisher(address, { curve: right })).publish({ data: "a" });
        await sink.received(1);
      }
      await Promise.all([first.ingress.close(), second.ingress.close()]);
    }
    expect.assertions(0);
  });

  it("is not held up by connections that say nothing", async () => {
    const { address, sink } = await openGuarded([publisher.publicKey]);
    for (let n = 0; n < 50; n += 1) {
      const socket = connect(Number(address.split(":")[2]), "127.0.0.1").on("error", () => undefined);
      onTestFinished(() => void socket.destroy());
    }
    await (await openPublisher(address, { curve: right })).publish({ data: "good" });
    await sink.received(1);
    expect(sink.data).toEqual(["good"]);
  });
});

function curveKeys({ publicKey, secretKey }: { readonly publicKey: string; readonly secretKey: string }) {
  return { curvePublicKey: publicKey, curveSecretKey: secretKey };
}
