import { describe, expect, it, onTestFinished } from "vitest";
import { PushPublisher, type PublisherOptions } from "../../src/publisher/push-publisher.js";
import { freePort } from "../support/free-port.js";
import { openIngress } from "../ingress/zeromq/open-ingress.js";

async function openPublisher(endpoint: string, options: PublisherOptions = {}): Promise<PushPublisher> {
  const publisher = await PushPublisher.open(endpoint, { lingerMs: 10_000, ...options });
  onTestFinished(() => publisher.close());
  return publisher;
}

const notTaken = expect.objectContaining({ code: "not-taken" });

describe("PushPublisher", () => {
  it("publishes any JSON as data, and refuses several topics", async () => {
    const { ingress, sink } = await openIngress();
    const publisher = await openPublisher(ingress.address);
    const published: number[] = [];
    const items = [{ data: { n: 1 } }, { data: null, topic: ["a"] }, { data: Buffer.from("é") }];
    await publisher.publishAll(items, { onPublished: (count) => published.push(count) });
    await sink.received(3);
    expect(sink.publications.map(({ topics, data }) => [topics, data])).toEqual([
      [["broadcast"], '{"n":1}'],
      [["a"], "null"],
      [["broadcast"], "é"],
    ]);
    expect(published).toEqual([1, 2, 3]);
    await expect(publisher.publish({ topic: ["a", "b"], data: "" })).rejects.toMatchObject({
      code: "bad-publication",
      message: "a publication over ZeroMQ has one topic; over HTTP, it may have several",
    });
  });

  it("delivers publications to the hub", async () => {
    const { ingress, sink } = await openIngress();
    const publisher = await openPublisher(ingress.address);
    await publisher.publish({ data: "a" });
    await publisher.publish({
      topic: "news/日本",
      data: "b\r\nc",
      id: "é",
      type: "t",
      retry: "500",
      private: true,
      retain: true,
    });
    await publisher.publishText("data: d\n\ndata: e\n\n");
    await sink.received(4);
    const plain = { topics: ["broadcast"], retain: false, private: false };
    expect(sink.publications).toEqual([
      { ...plain, data: "a" },
      {
        topics: ["news/日本"],
        data: "b\r\nc",
        id: "é",
        type: "t",
        retryMs: 500,
        private: true,
        retain: true,
      },
      { ...plain, data: "d" },
      { ...plain, data: "e" },
    ]);
  });

  it("keeps the order of calls that do not wait for each other", async () => {
    const { ingress, sink } = await openIngress();
    const publisher = await openPublisher(ingress.address);
    await Promise.all(Array.from({ length: 2000 }, (_, n) => publisher.publish({ data: String(n) })));
    await sink.received(2000);
    expect(sink.data).toEqual(Array.from({ length: 2000 }, (_, n) => String(n)));
  });

  it("reads a source as fast as the hub accepts it", async () => {
    const { ingress, sink } = await openIngress();
    const publisher = await openPublisher(ingress.address);
    async function* source() {
      for (let n = 0; n < 3000; n += 1) yield { data: String(n) };
    }
    expect(await publisher.publishAll(source())).toBe(3000);
    await publisher.close();
    await sink.received(3000);
    expect(sink.data).toEqual(Array.from({ length: 3000 }, (_, n) => String(n)));
  });

  it("rejects without a hub, and keeps nothing for a later one", async () => {
    const address = `tcp://127.0.0.1:${await freePort()}`;
    const publisher = await openPublisher(address, { timeoutMs: 100 });
    await expect(publisher.publish({ data: "lost" })).rejects.toThrowError(notTaken);
    const { sink } = await openIngress({ endpoint: `@${address}` });
    await expect
      .poll(
        () =>
          publisher.publish({ data: "taken" }).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    await sink.received(1);
    expect(new Set(sink.data)).toEqual(new Set(["taken"]));
  });

  it("rejects when the hub has no room in time", async () => {
    const { ingress, sink } = await openIngress({ limits: { queuedMessages: 2 } });
    sink.shut();
    const publisher = await openPublisher(ingress.address, {
      timeoutMs: 300,
      queuedMessages: 2,
      lingerMs: 0,
    });
    const large = { data: "x".repeat(512 * 1024) };
    await expect(publisher.publishAll(Array.from({ length: 500 }, () => large))).rejects.toThrowError(
      notTaken,
    );
  });

  it("binds for hubs that connect", async () => {
    const publisher = await openPublisher("@tcp://127.0.0.1:0");
    const { sink } = await openIngress({ endpoint: `>${publisher.address}` });
    await publisher.publish({ data: "a" });
    await sink.received(1);
    expect(sink.data).toEqual(["a"]);
  });

  it("refuses invalid publications at once", async () => {
    const publisher = await openPublisher("tcp://127.0.0.1:9");
    await expect(publisher.publish({ topic: "", data: "a" })).rejects.toMatchObject({ code: "bad-topic" });
    await expect(publisher.publish({ id: "#1" })).rejects.toMatchObject({ code: "bad-event-id" });
    await expect(publisher.publishText("id: 1\n\n")).rejects.toMatchObject({ code: "bad-publication" });
    await expect(publisher.publishText(": comment\n\n")).rejects.toMatchObject({ code: "bad-publication" });
    await expect(PushPublisher.open("nowhere")).rejects.toMatchObject({ code: "bad-endpoint" });
  });

  it("publishes nothing after close, which is safe to call twice", async () => {
    const { ingress } = await openIngress();
    const publisher = await openPublisher(ingress.address);
    await Promise.all([publisher.close(), publisher.close()]);
    await expect(publisher.publish({ data: "a" })).rejects.toMatchObject({ code: "closed" });
  });
});
