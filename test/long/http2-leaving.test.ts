import { describe, expect, test } from "vitest";
import type { HubProcess } from "../support/hub-process.js";
import { metric } from "../support/hub-metric.js";
import {
  dataFrame,
  encodeFrame,
  goaway,
  headersFrame,
  literalBlock,
  ping,
  rstStream,
  settingsFrame,
  types,
} from "../support/http2/frames.js";
import { startHttp2Hub } from "../support/http2/hub.js";
import { connectHttp2, requestFields, type RawHttp2 } from "../support/http2/raw-client.js";
import type { RawStream } from "../support/http2/raw-stream.js";
import { blockOf, bodyPath, openRequest, shortPath } from "../support/http2/rules/rule.js";
import { untilNothingHeld } from "../support/nothing-held.js";
import { connectPublisher } from "../support/publisher.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;
const faults = 'pharos_connections_cut_total{reason="http2-fault"}';

/** The states of a request in which its client leaves. Each returns the stream. */
const states: Readonly<
  Record<string, (client: RawHttp2, hub: HubProcess) => Promise<RawStream> | RawStream>
> = {
  "in the middle of its head": (client) => {
    const stream = client.expect(client.nextStream);
    const block = blockOf(bodyPath, { method: "POST" });
    client.send(headersFrame(stream.id, block.subarray(0, 20), { endHeaders: false }));
    return stream;
  },
  "before its answer": (client) => client.request("/pharos-client.js"),
  "in the middle of its body": (client) => {
    const stream = client.expect(client.nextStream);
    const headers = { "content-length": "20000", "content-type": "text/plain" };
    client.send(
      headersFrame(stream.id, blockOf(bodyPath, { method: "POST", headers }), { endStream: false }),
      dataFrame(stream.id, "x".repeat(10_000)),
    );
    return stream;
  },
  "during a poll": async (client, hub) => {
    const first = await client.exchange("/poll?topic=poll");
    const { position } = JSON.parse(first.text) as { readonly position: string };
    const stream = client.request(`/poll?topic=poll&wait=30&last_event_id=${encodeURIComponent(position)}`);
    await untilStreams(hub, 1);
    return stream;
  },
  "as an event stream": (client) => client.openStream("/esupdates?topic=quiet"),
  "with data that wait": async (client, hub) => {
    const stream = await client.openStream("/esupdates?topic=loud");
    client.hold(stream);
    await publishLoud(hub);
    await client.until(() => stream.received > 30_000, "the window");
    return stream;
  },
  "in the middle of a file": async (client) => {
    const stream = client.expect(client.nextStream);
    client.hold(stream);
    client.send(headersFrame(stream.id, blockOf("/pharos-client.js")));
    await client.until(() => stream.received > 10_000, "a part of the file");
    return stream;
  },
};

async function publishLoud(hub: HubProcess): Promise<void> {
  const publisher = connectPublisher(hub.ingest);
  for (let count = 0; count < 100; count += 1) await publisher.send(["loud", "x".repeat(1000)]);
}

async function untilStreams(hub: HubProcess, count: number): Promise<void> {
  const admin = hub.ready.get("admin")?.[0] ?? "";
  let seen = "";
  await waitFor(
    async () => {
      seen = await (await fetch(`${admin}/metrics`)).text();
      const counts = [...seen.matchAll(/^pharos_connections\{[^}]*\} (\d+)$/gm)].map(([, value]) =>
        Number(value),
      );
      return counts.reduce((sum, each) => sum + each, 0) >= count;
    },
    { within, missing: `${count} streams` },
  );
}

/** The ways in which the client leaves. */
const ways: Readonly<Record<string, (client: RawHttp2, stream: RawStream) => Promise<void> | void>> = {
  RST_STREAM: async (client, stream) => {
    client.send(rstStream(stream.id));
    await client.settled();
    expect((await client.exchange(shortPath)).status).toBe(200);
    client.close();
  },
  "GOAWAY and FIN": (client) => {
    client.send(goaway(0));
    client.connection.endWriting();
  },
  FIN: (client) => client.connection.endWriting(),
  RST: (client) => client.close({ reset: true }),
};

describe.each([0, 2])("with %i workers", (workers) => {
  test.each(Object.entries(states))("a request that leaves %s leaves nothing behind", async (name, state) => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    for (const [way, leave] of Object.entries(ways)) {
      // No other frame may come between two parts of a head.
      if (way === "RST_STREAM" && name === "in the middle of its head") continue;
      for (let count = 0; count < 3; count += 1) {
        const client = await connectHttp2({ port: hub.httpPort });
        const stream = await state(client, hub);
        await leave(client, stream);
        client.close();
      }
      await untilNothingHeld(hub, { within });
    }
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    expect(hub.stderr).not.toContain('"level":"error"');
  });

  test("a hub that stops ends in order, whatever its clients do", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const clients: RawHttp2[] = [];
    for (const state of Object.values(states)) {
      const client = await connectHttp2({ port: hub.httpPort });
      await state(client, hub);
      clients.push(client);
    }
    expect(await hub.stop()).toEqual({ code: 0, signal: null });
    for (const client of clients) await client.untilClosed();
    expect(hub.stderr).not.toContain('"level":"error"');
  });

  test("1,000 streams may be opened and reset at once, more end the connection, and others notice nothing", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const other = await connectHttp2({ port: hub.httpPort });
    const watcher = await other.openStream("/esupdates?topic=watched");
    const client = await connectHttp2({ port: hub.httpPort });
    const openAndReset = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        const stream = client.expect(client.nextStream);
        client.send(headersFrame(stream.id, blockOf("/esupdates?topic=a")), rstStream(stream.id));
      }
    };
    openAndReset(1000);
    expect((await client.exchange(shortPath)).status).toBe(200);
    // 33 come back in a second. The hub may be slow here, but it sees these much faster than that.
    openAndReset(20_000);
    await client.untilClosed();
    expect(client.farewell?.error).toBe("ENHANCE_YOUR_CALM");
    await other.exchange("/publish/watched", { method: "POST", body: "still here" });
    await other.untilEvent(watcher, "still here");
    await waitFor(async () => (await metric(hub, faults)) === 1, {
      within,
      missing: "the count of the fault",
    });
    other.close();
    await untilNothingHeld(hub, { within });
  });

  test.each([
    ["PING", ping()],
    ["SETTINGS", settingsFrame()],
    ["PRIORITY", encodeFrame({ type: types.priority, stream: 1, payload: Buffer.alloc(5) })],
    ["frames of an unknown type", encodeFrame({ type: 99 })],
  ])("a flood of %s ends its connection, and others notice nothing", async (_, frame) => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const other = await connectHttp2({ port: hub.httpPort });
    const watcher = await other.openStream("/esupdates?topic=watched");
    const client = await connectHttp2({ port: hub.httpPort });
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => frame));
    for (let count = 0; count < 100 && !client.closed; count += 1) {
      client.send(flood);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.untilClosed();
    expect(client.farewell?.error).toBe("ENHANCE_YOUR_CALM");
    await other.exchange("/publish/watched", { method: "POST", body: "still here" });
    await other.untilEvent(watcher, "still here");
  });

  test("a client that reads no answers to its PING and SETTINGS frames is closed", async () => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const client = await connectHttp2({ port: hub.httpPort });
    client.connection.pause();
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([ping(), settingsFrame()])));
    for (let count = 0; count < 100; count += 1) client.send(flood);
    await waitFor(async () => (await metric(hub, faults)) === 1, {
      within,
      missing: "the end of the connection",
    });
    await untilNothingHeld(hub, { within });
    expect(hub.stderr).toContain("a session of HTTP/2 ended because of its client");
  });

  test.each([
    ["one frame after another", (client: RawHttp2, id: number, block: Buffer) => longHead(client, id, block)],
    ["in empty frames", (client: RawHttp2, id: number) => longHead(client, id, Buffer.alloc(0))],
  ])("a head without an end ends its connection: %s", async (_, send) => {
    const hub = await startHttp2Hub({ workers, admin: "0" });
    const client = await connectHttp2({ port: hub.httpPort });
    const stream = client.expect(client.nextStream);
    const block = literalBlock([["x-long", "x".repeat(1000)]]);
    client.send(headersFrame(stream.id, literalBlock(requestFields(shortPath)), { endHeaders: false }));
    send(client, stream.id, block);
    await client.untilClosed();
    expect(client.farewell?.error).toBe("ENHANCE_YOUR_CALM");
    await untilNothingHeld(hub, { within });
  });

  test("bodies that nobody reads count for the limit of bodies, and are given back", async () => {
    const hub = await startHttp2Hub({
      workers,
      admin: "0",
      config: { limits: { requestBytes: 65_536, bodyBytes: 20_000 } },
    });
    const client = await connectHttp2({ port: hub.httpPort });
    const open = Array.from({ length: 6 }, () => openRequest(client));
    for (const stream of open) client.send(dataFrame(stream.id, "x".repeat(10_000)));
    await client.settled();
    for (const stream of open) client.send(rstStream(stream.id));
    await client.settled();
    for (let count = 0; count < 5; count += 1) {
      const answer = await client.exchange(bodyPath, { method: "POST", body: "x".repeat(16_000) });
      expect(answer.status).toBe(200);
    }
    client.close();
    await untilNothingHeld(hub, { within });
  });
});

function longHead(client: RawHttp2, id: number, block: Buffer): void {
  const frame = encodeFrame({ type: types.continuation, stream: id, payload: block });
  const many = Buffer.concat(Array.from({ length: 1000 }, () => frame));
  for (let count = 0; count < 20; count += 1) client.send(many);
}
