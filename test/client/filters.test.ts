import type { ServerResponse } from "node:http";

import { describe, expect, it, onTestFinished } from "vitest";

import { connect, type Live, type LiveItem, StreamRefusedError } from "../../src/client/index.js";
import { before, waitFor } from "../support/wait-for.js";
import { type Answer, quick, refuse, refuseAsHub, serve, stream } from "./stream-server.js";

function open(url: string, filters: readonly string[]): { live: Live; got: string[]; shown: () => string } {
  const live = connect(url, { filters, transport: "event-stream" });
  onTestFinished(() => live.close());
  const got: string[] = [];
  live.on("event", ({ data, retained }) => got.push(retained === true ? `${data} retained` : data));
  return { live, got, shown: () => JSON.stringify({ got, state: live.state }) };
}

/** An answer whose stream stays open, and a function that writes to this stream. */
function openStream(text: string): { answer: Answer; write: (text: string) => void } {
  let opened: ServerResponse | undefined;
  return {
    answer: (request, response) => {
      opened = response;
      stream([text], { open: true })(request, response);
    },
    write: (text) => void opened?.write(text),
  };
}

const got = (items: readonly string[], data: string, shown: () => string): Promise<unknown> =>
  waitFor(() => items.includes(data), { within: 30_000, missing: () => `${data}; there is ${shown()}` });

describe("filters that change while connected", () => {
  it("continue at the current position, and only new ones get retained values", async () => {
    const { url, requests } = await serve(
      stream(["id: 1\ndata: a\n\n"], { open: true }),
      stream(["topic: b\nretained: 0\ndata: b\n\nid: 2\ndata: c\n\n"], { open: true }),
      stream(["id: 3\ndata: d\n\n"], { open: true }),
    );
    const { live, got: items, shown } = open(url, ["a"]);
    await got(items, "a", shown);
    await live.add("b", "a");
    await got(items, "c", shown);
    await live.drop("a");
    await got(items, "d", shown);
    expect(items).toEqual(["a", "b retained", "c", "d"]);
    expect(live.filters).toEqual(["b"]);
    expect(requests.map(({ url, headers }) => [url, headers["last-event-id"]])).toEqual([
      ["/esupdates?topic=a&show=topics", undefined],
      ["/esupdates?topic=a&topic=b&added=b&show=topics", "1"],
      ["/esupdates?topic=b&show=topics", "2"],
    ]);
  });

  it("get their retained values again if the stream broke before all had arrived", async () => {
    const { url, requests } = await serve(
      stream([quick, "id: 1\ndata: a\n\n"], { open: true }),
      stream(["topic: b\nretained: 0\ndata: b\n\n"]),
      stream(["id: 2\ndata: c\n\n"]),
      stream(["data: d\n\n"], { open: true }),
    );
    const { live, got: items, shown } = open(url, ["a"]);
    await got(items, "a", shown);
    live.add("b").catch(() => undefined);
    await got(items, "d", shown);
    expect(requests.map(({ url }) => url?.includes("added=b"))).toEqual([false, true, true, false]);
  });

  it("are removed again when the server refuses them, and the old stream continues", async () => {
    const first = openStream("id: 1\ndata: a\n\n");
    const { url, requests } = await serve(first.answer, refuseAsHub(400, "# must be last"));
    const { live, got: items, shown } = open(url, ["a"]);
    await got(items, "a", shown);
    await expect(live.add("#/b")).rejects.toThrowError(StreamRefusedError);
    expect(live.filters).toEqual(["a"]);
    first.write("id: 2\ndata: b\n\n");
    await got(items, "b", shown);
    expect(live.state.kind).toBe("open");
    expect(requests).toHaveLength(2);
  });

  it("are requested again after a failure, and meanwhile the old stream is read", async () => {
    const first = openStream(`${quick}id: 1\ndata: a\n\n`);
    const { url, requests } = await serve(
      first.answer,
      (request, response) => {
        first.write("id: 2\ndata: b\n\n");
        refuse(503)(request, response);
      },
      stream(["id: 3\ndata: c\n\n"], { open: true }),
    );
    const { live, got: items, shown } = open(url, ["a"]);
    await got(items, "a", shown);
    await before(live.add("b"), { within: 30_000, missing: shown });
    await got(items, "c", shown);
    expect(items).toEqual(["a", "b", "c"]);
    expect(requests.at(-1)?.headers["last-event-id"]).toBe("2");
  });

  it("are requested together when they change in one turn", async () => {
    const { url, requests } = await serve(stream(["id: 1\ndata: a\n\n"], { open: true }));
    const { live } = open(url, []);
    await Promise.all([live.add("a"), live.add("b"), live.drop("a"), live.add("c")]);
    expect(requests.map(({ url }) => url)).toEqual(["/esupdates?topic=b&topic=c&show=topics"]);
  });

  it("close the stream when none is left, until some are added", async () => {
    const { url, requests } = await serve(
      stream(["id: 1\ndata: a\n\n"], { open: true }),
      stream(["id: 2\ndata: b\n\n"], { open: true }),
    );
    const { live, got: items, shown } = open(url, ["a"]);
    await got(items, "a", shown);
    const ended = new Promise((resolve) => requests[0]?.on("close", resolve));
    await live.drop("a");
    await before(ended, { within: 30_000, missing: "the end of the connection" });
    expect(live.state).toEqual({ kind: "idle" });
    await live.add("b");
    await got(items, "b", shown);
    expect(requests[1]?.headers["last-event-id"]).toBe("1");
  });
});

describe("changes of filters", () => {
  it("are rejected when the connection is closed, before or after", async () => {
    const { url } = await serve(() => undefined);
    const { live } = open(url, ["a"]);
    const before = live.add("b");
    live.close();
    await expect(before).rejects.toThrowError("closed");
    await expect(live.add("c")).rejects.toThrowError("closed");
  });
});

describe("a stored position", () => {
  it("is where a reloaded page resumes, and new filters get retained values", async () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    const { url, requests } = await serve(stream(["id: 1\ndata: a\n\n"], { open: true }));
    for (const filters of [["a"], ["a", "b"]]) {
      const live = connect(url, { filters, storage });
      const items: LiveItem[] = [];
      live.on("event", (event) => items.push(event));
      await waitFor(() => items.length > 0, { within: 30_000, missing: "the event" });
      live.close();
    }
    expect(requests.map(({ url, headers }) => [url, headers["last-event-id"]])).toEqual([
      ["/esupdates?topic=a&show=topics", undefined],
      ["/esupdates?topic=a&topic=b&added=b&show=topics", "1"],
    ]);
  });

  it.each(["nothing", "[]", '{"lastEventId":1,"filters":[]}'])(
    "is ignored if the storage returns %s",
    async (text) => {
      const { url, requests } = await serve(stream(["id: 1\ndata: a\n\n"], { open: true }));
      const live = connect(url, {
        storage: {
          getItem: () => text,
          setItem: () => {
            throw new Error("full");
          },
        },
      });
      onTestFinished(() => live.close());
      await waitFor(() => live.lastEventId === "1" || live.state.kind === "open", {
        within: 30_000,
        missing: "the stream",
      });
      expect(requests[0]?.headers["last-event-id"]).toBeUndefined();
    },
  );
});
