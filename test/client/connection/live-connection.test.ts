import { describe, expect, it } from "vitest";
import type { FeedEvents } from "../../../src/client/connection/feed.js";
import { LiveConnection } from "../../../src/client/connection/live-connection.js";

/**
 * A connection. The test takes the role of the connection's feed: `arrive` delivers an event, and `refuse` refuses all
 * pending changes.
 */
function startConnection(): { live: LiveConnection; arrive: (data: string) => void; refuse: () => void } {
  let events: FeedEvents | undefined;
  const refusals: (() => void)[] = [];
  const live = new LiveConnection({
    filters: ["a"],
    lastEventId: "",
    makeFeed: (given) => {
      events = given;
      return {
        follow: () => new Promise((_resolve, reject) => refusals.push(() => reject(new Error("refused")))),
        retry: () => undefined,
        close: () => undefined,
      };
    },
  });
  const arrive = (data: string): void =>
    void events?.arrival({ item: { kind: "event", id: data, topics: [], data }, cursor: data });
  return { live, arrive, refuse: () => refusals.splice(0).forEach((each) => each()) };
}

/** Records the events that a listener receives, each with the listener's name. */
function listen(live: LiveConnection, received: string[], name: string): () => void {
  return live.on("event", ({ data }) => received.push(`${name} ${data}`));
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("events of a live connection", () => {
  // Bug: if events waited for the loop, the connection delivered these events to the listeners a second time, after
  // newer events.
  it("come once to a listener beside a loop that is left", async () => {
    const { live, arrive } = startConnection();
    const received: string[] = [];
    listen(live, received, "first");
    const loop = live[Symbol.asyncIterator]();
    for (const data of ["1", "2", "3"]) arrive(data);
    await loop.next();
    await loop.return?.();
    arrive("4");
    listen(live, received, "second");
    await settled();
    arrive("5");
    expect(received).toEqual(["first 1", "first 2", "first 3", "first 4", "first 5", "second 5"]);
    expect(live.lastEventId).toBe("5");
  });

  it("that have waited come before what arrives in the turn in which somebody listens", async () => {
    const { live, arrive } = startConnection();
    const received: string[] = [];
    arrive("1");
    arrive("2");
    listen(live, received, "first");
    arrive("3");
    await settled();
    expect(received).toEqual(["first 1", "first 2", "first 3"]);
    expect(live.lastEventId).toBe("3");
  });

  // Bug: a program called next(), stopped waiting at a deadline, and called return(). The abandoned promise of next()
  // then received the next item.
  it("are not taken by a loop that was left while it waited", async () => {
    const { live, arrive } = startConnection();
    const left = live[Symbol.asyncIterator]();
    const waited = left.next();
    await left.return?.();
    arrive("1");
    expect(await waited).toEqual({ done: true, value: undefined });
    expect(await left.next()).toEqual({ done: true, value: undefined });
    expect(live.lastEventId).toBe("");
    const loop = live[Symbol.asyncIterator]();
    expect(await loop.next()).toMatchObject({ value: { data: "1" } });
  });

  it("that wait for a loop wait for the next one, where nobody listens", async () => {
    const { live, arrive } = startConnection();
    const loop = live[Symbol.asyncIterator]();
    arrive("1");
    arrive("2");
    expect(await loop.next()).toMatchObject({ value: { data: "1" } });
    await loop.return?.();
    await loop.return?.();
    arrive("3");
    const next = live[Symbol.asyncIterator]();
    expect(await next.next()).toMatchObject({ value: { data: "2" } });
    expect(await next.next()).toMatchObject({ value: { data: "3" } });
  });
});

describe("filters of a live connection", () => {
  // Bug: if the program added another filter after a refused filter, the connection did not remove the refused filter.
  // The hub then refused all later additions.
  it("are without all that was refused together", async () => {
    const { live, refuse } = startConnection();
    const changes = [live.add("x/#/y"), live.add("b"), live.drop("a")];
    expect(live.filters).toEqual(["x/#/y", "b"]);
    refuse();
    const results = await Promise.allSettled(changes);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(live.filters).toEqual(["a"]);
  });
});
