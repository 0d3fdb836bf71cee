import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HubProcess } from "../../support/hub-process.js";
import { rstStream } from "../../support/http2/frames.js";
import { startHttp2Hub } from "../../support/http2/hub.js";
import { connectHttp2 } from "../../support/http2/raw-client.js";
import { waitFor } from "../../support/wait-for.js";

const within = 60_000;

type Line = Readonly<Record<string, unknown>>;

/** Waits for the line of the request with this id. */
async function lineOf({ scratch }: HubProcess, requestId: string): Promise<Line> {
  const file = join(scratch, "access.log");
  const find = (): Line | undefined => {
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.map((line) => JSON.parse(line) as Line).find((line) => line["requestId"] === requestId);
  };
  await waitFor(() => find() !== undefined, { within, missing: `the line of ${requestId}` });
  return find() ?? {};
}

const id = (requestId: string) => ({ headers: { "x-request-id": requestId } });

describe.each([0, 2])("with %i workers", (workers) => {
  test("the access log has a line for each request and each stream", async () => {
    const hub = await startHttp2Hub({ workers, args: ["--access-log", "access.log"] });
    const client = await connectHttp2({ port: hub.httpPort });
    const common = { front: "http", address: "127.0.0.1", scheme: "https", protocol: "HTTP/2.0" };
    const stream = await client.openStream("/esupdates?topic=a&topic=b", id("stream"));
    const publish = {
      method: "POST",
      body: "hello",
      headers: { "x-request-id": "publish", "user-agent": "t/1" },
    };
    expect((await client.exchange("/publish/a", publish)).status).toBe(200);
    await client.untilEvent(stream, "hello");
    await client.exchange("/nothing", id("missing"));
    await client.exchange("/", id("page"));
    const first = JSON.parse((await client.exchange("/poll?topic=a")).text) as { readonly position: string };
    const cursor = encodeURIComponent(first.position);
    const poll = client.request(`/poll?topic=a&wait=30&last_event_id=${cursor}`, id("poll"));
    await client.settled();
    client.send(rstStream(poll.id), rstStream(stream.id));
    expect(await lineOf(hub, "stream")).toMatchObject({
      ...common,
      kind: "stream",
      method: "GET",
      path: "/esupdates?topic=a&topic=b",
      status: 200,
      topics: 2,
    });
    expect((await lineOf(hub, "stream"))["bytes"]).toBeGreaterThanOrEqual(stream.received);
    const published = {
      ...common,
      kind: "request",
      method: "POST",
      path: "/publish/a",
      status: 200,
      agent: "t/1",
    };
    expect(await lineOf(hub, "publish")).toMatchObject(published);
    expect(await lineOf(hub, "publish")).not.toHaveProperty("complete");
    expect(await lineOf(hub, "missing")).toMatchObject({ ...common, kind: "request", status: 404 });
    expect(await lineOf(hub, "page")).toMatchObject({ ...common, kind: "request", status: 200 });
    expect(await lineOf(hub, "poll")).toMatchObject({ ...common, status: 499, complete: false });
  });

  test("an address has a limited number of streams, whatever its connections, and a new one after one has ended", async () => {
    const config = { limits: { connectionsPerLocalAddress: 3 } };
    const hub = await startHttp2Hub({ workers, config });
    const one = await connectHttp2({ port: hub.httpPort });
    const other = await connectHttp2({ port: hub.httpPort });
    const first = await one.openStream("/esupdates?topic=a");
    await one.openStream("/esupdates?topic=a");
    await other.openStream("/esupdates?topic=a");
    for (const client of [one, other]) {
      const refused = await client.exchange("/esupdates?topic=a");
      expect(refused.status).toBe(429);
      expect(refused.head?.get("retry-after")).toMatch(/^\d+$/);
      expect(JSON.parse(refused.text)).toMatchObject({ title: "too-many-streams" });
    }
    one.send(rstStream(first.id));
    await waitFor(async () => (await other.exchange("/healthz")).text.includes('"streams":2'), {
      within,
      missing: "the end of a stream",
    });
    await other.openStream("/esupdates?topic=a");
  });

  test("behind a trusted proxy, each address that the proxy names has limits of its own", async () => {
    const config = { limits: { connectionsPerAddress: 1 } };
    const hub = await startHttp2Hub({ workers, config, tls: false });
    const client = await connectHttp2({ port: hub.httpPort, tls: false });
    const statusFor = async (address: string): Promise<number | undefined> => {
      const stream = client.request("/esupdates?topic=a", { headers: { "x-forwarded-for": address } });
      await client.until(() => stream.head !== undefined, "the head");
      return stream.status;
    };
    expect(await statusFor("198.51.100.1")).toBe(200);
    expect(await statusFor("198.51.100.1")).toBe(429);
    expect(await statusFor("198.51.100.2")).toBe(200);
  });

  test("limits.http2Streams limits the streams of a connection", async () => {
    const hub = await startHttp2Hub({ workers, config: { limits: { http2Streams: 4 } } });
    const client = await connectHttp2({ port: hub.httpPort });
    for (let count = 0; count < 4; count += 1) await client.openStream("/esupdates?topic=a");
    expect((await client.exchange("/healthz")).reset).toBe("REFUSED_STREAM");
  });

  test("a stream that reaches --max-stream-age ends, and the connection goes on", async () => {
    const hub = await startHttp2Hub({ workers, args: ["--max-stream-age", "1"] });
    const client = await connectHttp2({ port: hub.httpPort });
    const stream = await client.openStream("/esupdates?topic=a");
    await client.until(() => stream.isOver, "the end of the stream");
    expect(stream.ended).toBe(true);
    expect((await client.exchange("/healthz")).status).toBe(200);
  });
});
