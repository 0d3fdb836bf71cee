import { describe, expect, test } from "vitest";
import type { HubProcess } from "../../support/hub-process.js";
import { dataFrame, headersFrame } from "../../support/http2/frames.js";
import { startHttp2Hub } from "../../support/http2/hub.js";
import { connectNode } from "../../support/http2/node-client.js";
import { connectHttp2, type RawHttp2 } from "../../support/http2/raw-client.js";
import type { RawStream } from "../../support/http2/raw-stream.js";
import { blockOf, bodyPath, shortPath } from "../../support/http2/rules/rule.js";
import { waitFor } from "../../support/wait-for.js";

const within = 60_000;

/** A publication whose body the client sends later. */
function beginPublication(client: RawHttp2): RawStream {
  const stream = client.expect(client.nextStream);
  const headers = { "content-type": "text/plain", "content-length": "8" };
  client.send(
    headersFrame(stream.id, blockOf(bodyPath, { method: "POST", headers }), { endStream: false }),
    dataFrame(stream.id, "half"),
  );
  return stream;
}

async function untilDraining(hub: HubProcess): Promise<void> {
  await waitFor(async () => (await fetch(`${hub.ready.get("admin")?.[0] ?? ""}/readyz`)).status === 503, {
    within,
    missing: "the drain",
  });
}

describe.each([0, 2])("with %i workers", (workers) => {
  test("SIGTERM: the hub says GOAWAY, answers what it has begun, and ends its streams with times of their own", async () => {
    const hub = await startHttp2Hub({ workers, args: ["--retry", "10000", "--close-over", "2"] });
    const client = await connectHttp2({ port: hub.httpPort });
    const streams: RawStream[] = [];
    for (let count = 0; count < 20; count += 1)
      streams.push(await client.openStream("/esupdates?topic=rules"));
    const first = await client.exchange("/poll?topic=rules");
    const { position } = JSON.parse(first.text) as { readonly position: string };
    const poll = client.request(`/poll?topic=other&wait=30&last_event_id=${encodeURIComponent(position)}`);
    const publication = beginPublication(client);
    await client.settled();

    hub.signal("SIGTERM");
    await client.until(() => client.farewell !== undefined, "GOAWAY");
    expect(client.farewell).toMatchObject({ error: "NO_ERROR", lastStream: publication.id });
    client.send(dataFrame(publication.id, "half", { endStream: true }));
    await client.until(() => publication.isOver, "the answer to the publication");
    expect(publication.status).toBe(200);
    await client.until(() => [poll, ...streams].every((stream) => stream.isOver), "the end of all streams");
    expect(poll.status).toBe(200);
    const retries = streams.map(({ text }) => Number(/\nretry: (\d+)\n$/.exec(text)?.[1]));
    for (const retry of retries) {
      expect(retry).toBeGreaterThanOrEqual(10_000);
      expect(retry).toBeLessThanOrEqual(15_000);
    }
    expect(new Set(retries).size).toBeGreaterThan(1);
    expect(streams.filter((stream) => stream.reset !== undefined && stream.reset !== "NO_ERROR")).toEqual([]);
    // The streams that ended last still got the publication.
    expect(streams.at(-1)?.events).toEqual(["halfhalf"]);
    await client.untilClosed();
    expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
  });

  test("a drain: each answer comes with GOAWAY, and the streams go on", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0", args: ["--drain", "3600"] });
    const client = await connectHttp2({ port: hub.httpPort });
    const stream = await client.openStream("/esupdates?topic=rules");
    hub.signal("SIGTERM");
    await untilDraining(hub);
    await waitFor(
      async () => {
        if (client.farewell === undefined) await client.exchange(shortPath);
        return client.farewell !== undefined;
      },
      { within, missing: "GOAWAY" },
    );
    expect(client.farewell?.error).toBe("NO_ERROR");
    const next = await connectHttp2({ port: hub.httpPort });
    const answer = await next.exchange(bodyPath, { method: "POST", body: "during the drain" });
    expect(answer.status).toBe(200);
    await next.untilClosed();
    await client.untilEvent(stream, "during the drain");
    hub.signal("SIGTERM");
    await hub.waitForExit({ within });
  });

  test("no publication is lost: each is answered, or its stream came after the last one of GOAWAY", async () => {
    const hub = await startHttp2Hub({ workers, args: ["--drain", "1", "--close-over", "1"] });
    const reader = await connectHttp2({ port: hub.httpPort });
    const stream = await reader.openStream("/esupdates?topic=rules");
    const answered: string[] = [];
    const refused: string[] = [];
    let count = 0;
    let isRefused = false;
    const publishers = Array.from({ length: 5 }, async () => {
      while (!isRefused) {
        const client = await connectHttp2({ port: hub.httpPort }).catch(() => undefined);
        if (client === undefined) {
          isRefused = true;
          return;
        }
        while (client.farewell === undefined && !client.closed) {
          const data = `publication ${count}`;
          count += 1;
          const request = client.request(bodyPath, { method: "POST", body: data });
          await client.until(
            () => request.isOver || (client.farewell?.lastStream ?? Infinity) < request.id,
            "an answer",
          );
          if (!request.isOver) continue;
          // A hub that closes its journal answers 503, and the publisher tries another hub.
          if (request.status === 503) continue;
          if (request.status === 200 && request.reset === undefined) answered.push(data);
          else refused.push(`${data}: ${request.status ?? ""} ${request.reset ?? ""}`);
        }
        client.close();
      }
    });
    await waitFor(() => answered.length > 100, { within, missing: "100 answers" });
    hub.signal("SIGTERM");
    await Promise.all(publishers);
    expect(refused).toEqual([]);
    await reader.until(() => stream.isOver, "the end of the stream");
    expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
    const received = new Set(stream.events);
    // The stream has ended some time before the last publications.
    const upTo = answered.findLastIndex((data) => received.has(data));
    expect(upTo).toBeGreaterThan(100);
    expect(stream.events).toHaveLength(received.size);
  });

  test("SIGINT: Node's client gets the ends of its streams and of its connection", async () => {
    const hub = await startHttp2Hub({ workers });
    const client = await connectNode({ port: hub.httpPort });
    const streams = await Promise.all(
      Array.from({ length: 10 }, () => client.events("/esupdates?topic=rules")),
    );
    hub.signal("SIGINT");
    for (const stream of streams) {
      expect(await stream.toEnd()).toMatch(/\nretry: \d+\n$/);
      expect(stream.code).toBe(0);
    }
    await client.closed();
    expect(await hub.waitForExit({ within })).toEqual({ code: 0, signal: null });
  });
});
