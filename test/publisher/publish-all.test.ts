import { describe, expect, it } from "vitest";
import { HttpPublisher } from "../../src/publisher/http-publisher.js";
import { answering, open } from "./fake-hub.js";

describe("publishAll", () => {
  const many = Array.from({ length: 2500 }, (_, n) => ({ data: String(n) }));

  it("publishes each in order, in as few requests as it can", async () => {
    const { hub, publisher } = await open();
    expect(await publisher.publishAll(many)).toBe(2500);
    expect(hub.data).toEqual(many.map(({ data }) => data));
    expect(hub.requests.length).toBeLessThan(100);
  });

  it("keeps batches within the limits of a hub", async () => {
    const { hub, publisher } = await open();
    const large = Array.from({ length: 40 }, () => ({ data: "é".repeat(20_000) }));
    await publisher.publishAll(large);
    expect(hub.data).toHaveLength(40);
    expect(Math.max(...hub.requests.map(({ body }) => Buffer.byteLength(body)))).toBeLessThanOrEqual(
      256 * 1024,
    );
  });

  it("publishes one after another if the hub accepts no batches", async () => {
    const { hub, publisher } = await open();
    const notFound = answering(404, "text/plain", "");
    hub.hook = (request, response) => request.path === "/publish" && notFound(request, response);
    expect(await publisher.publishAll(many.slice(0, 50))).toBe(50);
    expect(hub.data).toEqual(many.slice(0, 50).map(({ data }) => data));
    const elsewhere = new HttpPublisher(`${hub.origin}/hub`);
    hub.requests.length = 0;
    await elsewhere.publishAll(many.slice(0, 5));
    expect(hub.requests.map(({ path }) => path)).toEqual(Array.from({ length: 5 }, () => "/hub"));
  });

  it("stops at a refused publication and reports its number; earlier ones are published", async () => {
    const { hub, publisher } = await open();
    hub.hook = ({ body }, response) => {
      if (!body.includes("29")) return false;
      response.writeHead(403, { "Content-Type": "text/plain" }).end("not this one");
      return true;
    };
    await expect(publisher.publishAll(many.slice(0, 100), { what: "line" })).rejects.toMatchObject({
      code: "refused",
      message: "line 30: the hub refused the request with status 403: not this one",
    });
    expect(hub.data).toEqual(many.slice(0, 29).map(({ data }) => data));
  });

  it("stops at an invalid publication", async () => {
    const { hub, publisher } = await open();
    const given = [...many.slice(0, 20), { data: "x", id: "#1" }, ...many.slice(0, 20)];
    await expect(publisher.publishAll(given)).rejects.toMatchObject({
      code: "bad-event-id",
      message: expect.stringMatching(/^publication 21: /),
    });
    expect(hub.data).toEqual(many.slice(0, 20).map(({ data }) => data));
  });

  it("repeats a batch whose outcome is unknown, with the same key, so that the hub publishes it once", async () => {
    const { hub, publisher } = await open();
    const keys: unknown[] = [];
    hub.hook = ({ path, headers }, response) => {
      if (path !== "/publish") return false;
      keys.push(headers["idempotency-key"]);
      if (keys.length > 2) return false;
      response.destroy();
      return true;
    };
    expect(await publisher.publishAll(many.slice(0, 50))).toBe(50);
    const [key] = keys;
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys.slice(0, 3)).toEqual([key, key, key]);
    expect(hub.data).toEqual(many.slice(0, 50).map(({ data }) => data));
  });

  it("does not repeat a publication whose outcome is unknown if the hub may not know keys", async () => {
    const { hub } = await open();
    const elsewhere = new HttpPublisher(`${hub.origin}/hub`);
    hub.hook = ({ body }, response) => {
      if (!body.includes("=1")) return false;
      response.destroy();
      return true;
    };
    await expect(elsewhere.publishAll(many.slice(0, 50))).rejects.toMatchObject({
      code: "not-taken",
      message: expect.stringMatching(/^publication 2: /),
    });
    expect(hub.data).toEqual(["0"]);
  });

  it("publishes everything before an error of its source", async () => {
    const { hub, publisher } = await open();
    async function* source() {
      yield* many.slice(0, 30);
      throw new Error("line 31 is not UTF-8");
    }
    await expect(publisher.publishAll(source())).rejects.toThrow("line 31 is not UTF-8");
    expect(hub.data).toEqual(many.slice(0, 30).map(({ data }) => data));
  });

  it("does not wait for a batch to fill", async () => {
    const { hub, publisher } = await open();
    let next: () => void = () => undefined;
    async function* source() {
      for (const data of ["1", "2", "3"]) {
        yield { data };
        if (data !== "3") await new Promise<void>((resolve) => (next = resolve));
      }
    }
    hub.hook = async () => {
      setImmediate(() => next());
      return false;
    };
    expect(await publisher.publishAll(source())).toBe(3);
    expect(hub.data).toEqual(["1", "2", "3"]);
  });

  it("reads no further ahead than two batches", async () => {
    const { hub, publisher } = await open();
    let read = 0;
    function* source() {
      for (; read < 10_000; read += 1) yield { data: String(read) };
    }
    let most = 0;
    hub.hook = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, read - hub.data.length);
      return false;
    };
    await publisher.publishAll(source());
    expect(most).toBeLessThanOrEqual(2000);
    expect(hub.data).toHaveLength(10_000);
  });
});
