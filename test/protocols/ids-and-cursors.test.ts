import * as fc from "fast-check";
import { expect, it } from "vitest";
import { PharosError } from "../../src/base/errors.js";
import { mercurePath } from "../../src/protocol.js";
import { formatTime } from "../../src/protocols/push-stream/messages/stamps.js";
import { EventStreamReader } from "../../src/sse/parse.js";
import { firstSecond, PushStreamWorld } from "./push-stream-world.js";

const seed = 20_261_130;

/** What a client receives. */
interface Received {
  readonly data: readonly string[];
  readonly hasGap: boolean;
  /** The id from which the client resumes. */
  readonly lastId: string;
}

type Read = (world: PushStreamWorld, request: Asked) => Promise<Received>;

interface Asked {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Way {
  readonly name: string;
  readonly path: string;
  readonly query: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly read: Read;
  /** The query parameters for the cursor. */
  readonly parameters: readonly string[];
}

const names = ["last_event_id", "lastEventId", "lastEventID", "Last-Event-ID", "last-event-id"];
const pushNames = ["eventid", ...names];
const likeBrowsers = { "cache-control": "no-cache" };

/** The text of a message of the push stream module. */
const textOf = (json: string): string => decodeURIComponent((JSON.parse(json) as { text: string }).text);

function eventStream(dataOf: (data: string) => string): Read {
  return async (world, request) => {
    const { text } = await world.open(request);
    const data: string[] = [];
    let hasGap = false;
    const reader = new EventStreamReader({
      onEvent: (event) => {
        if (event.type === "pharos-gap") hasGap = true;
        else data.push(dataOf(event.data));
      },
    });
    reader.push(Buffer.from(text));
    return { data, hasGap, lastId: reader.lastEventId };
  };
}

interface Item {
  readonly kind: string;
  readonly id: string;
  readonly data: string;
}

function received(items: readonly Item[], position?: string): Received {
  return {
    data: items.filter(({ kind }) => kind === "event").map(({ data }) => data),
    hasGap: items.some(({ kind }) => kind === "gap"),
    lastId: position ?? items.findLast(({ id }) => id !== undefined)?.id ?? "",
  };
}

const webSocket: Read = async (world, request) => {
  const { frames } = await world.openSocket(request);
  return received(frames.map(({ payload }) => JSON.parse(payload.toString()) as Item));
};

const poll: Read = async (world, request) => {
  const { body } = await world.ask({ ...request, query: `${request.query}&wait=0` });
  const { events, position } = JSON.parse(body.toString()) as { events: readonly Item[]; position: string };
  return received(events, position);
};

interface PushMessage {
  readonly id: number;
  readonly text: string;
  readonly eventid: string;
}

function pushed(messages: readonly PushMessage[], hasGap = false): Received {
  const real = messages.filter(({ id }) => id > 0);
  return {
    data: real.map(({ text }) => decodeURIComponent(text)),
    hasGap: hasGap || messages.some(({ id }) => id === -4),
    lastId: real.at(-1)?.eventid ?? "",
  };
}

const pushSocket: Read = async (world, request) => pushed((await world.openSocket(request)).messages);

const pushFrame: Read = async (world, request) => {
  const { text } = await world.open(request);
  const calls = [...text.matchAll(/p\((-?\d+),('[^']*'),('[^']*'),('[^']*'), '[^']*', '[^']*'\)/g)];
  const unquoted = (quoted = ""): string => String(JSON.parse(`"${quoted.slice(1, -1)}"`));
  return pushed(
    calls.map(([, id, , message, eventid]) => ({
      id: Number(id),
      text: unquoted(message),
      eventid: unquoted(eventid),
    })),
  );
};

const pushPoll: Read = async (world, { headers, ...request }) => {
  const polling = { ...headers, "x-nginx-pushstream-mode": "polling" };
  const { body, headers: answered } = await world.ask({ ...request, headers: polling });
  const lines = body
    .toString()
    .split("\r\n")
    .filter((line) => line !== "");
  const hasGap = answered.some(([name]) => name === "X-Pharos-Gap");
  return pushed(
    lines.map((line) => JSON.parse(line) as PushMessage),
    hasGap,
  );
};

const ways: readonly Way[] = [
  ...["topic=t", "topic=t&show=topics", "topic=t&show=positions"].map((query) => ({
    name: `/esupdates?${query}`,
    path: "/esupdates",
    query,
    headers: likeBrowsers,
    read: eventStream((data) => data),
    parameters: names,
  })),
  ...["match=t", "topic=t"].map((query) => ({
    name: `Mercure ${query}`,
    path: mercurePath,
    query,
    read: eventStream((data) => data),
    parameters: names,
  })),
  { name: "/ws", path: "/ws", query: "topic=t", read: webSocket, parameters: names },
  { name: "/poll", path: "/poll", query: "topic=t", read: poll, parameters: names },
  {
    name: "/ev/",
    path: "/ev/t",
    query: "_=1",
    headers: likeBrowsers,
    read: eventStream(textOf),
    parameters: pushNames,
  },
  { name: "/sub/", path: "/sub/t", query: "_=1", read: pushFrame, parameters: pushNames },
  { name: "/ws/", path: "/ws/t", query: "_=1", read: pushSocket, parameters: pushNames },
  { name: "/lp/", path: "/lp/t", query: "_=1", read: pushPoll, parameters: pushNames },
  { name: "/jsonp/", path: "/jsonp/t", query: "_=1&callback=f", read: pushPoll, parameters: pushNames },
];

/** Encodes a parameter as `encodeURIComponent` does, or as forms do, with a plus for a space. */
const encoders = [
  (name: string, value: string) => `${name}=${encodeURIComponent(value)}`,
  (name: string, value: string) => new URLSearchParams([[name, value]]).toString(),
];

/** HTTP removes spaces around the value of a header [RFC 9110 5.5]. */
const asHeader = (value: string): string => value.replace(/^[\t ]+|[\t ]+$/g, "");

/** The requests by which a client can send its cursor. */
function requestsOf(
  { path, query, headers = {}, parameters }: Way,
  cursor: string,
): readonly [Asked, ...Asked[]] {
  return [
    { path, query, headers: { ...headers, "last-event-id": asHeader(cursor) } },
    ...parameters.flatMap((name) =>
      encoders.map((encode) => ({ path, query: `${query}&${encode(name, cursor)}`, headers })),
    ),
  ];
}

/** Pieces that a header, a URL, a stream or JSON may change. */
const pieces = [
  " ",
  "\t",
  "\u00A0",
  "\uFEFF",
  "\u2028",
  "\r",
  "\n",
  "\0",
  "\u0085",
  "#",
  "#e:1",
  ",",
  ", ",
  "%",
  "%20",
  "%41",
  "+",
  '"',
  "'",
  "\\",
  "\\u0041",
  "<",
  "</script>",
  "&",
  "=",
  ";",
  "?",
  "/",
  "W/1",
  "null",
  "0",
  "earliest",
  ":",
  "é",
  "日本",
  "🚢",
  "e\u0301",
  "\u200D",
  "a",
  "b",
  "-1",
  "x".repeat(40),
  "id: 7",
  "data: x",
  "p(1)",
  "undefined",
  "\uD83D",
];

const ids = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((all) => all.join("")) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  { weight: 1, arbitrary: fc.nat({ max: 300 }).map((length) => "é".repeat(length)) },
);

/** False if the publication was refused because of its id. */
function isPublished(world: PushStreamWorld, id: string): boolean {
  try {
    world.publish("t", "had", { id });
    return true;
  } catch (error) {
    if (error instanceof PharosError && ["bad-event-id", "too-large"].includes(error.code)) return false;
    throw error;
  }
}

it("every id that can be published resumes, on every path and by every parameter", async () => {
  let published = 0;
  await fc.assert(
    fc.asyncProperty(ids, fc.constantFrom(...ways), async (id, way) => {
      const world = new PushStreamWorld({ others: true });
      if (id === "" || !isPublished(world, id)) return;
      published += 1;
      const [first] = requestsOf(way, "earliest");
      const { lastId } = await way.read(world, first);
      world.publish("t", "missed");
      for (const request of requestsOf(way, lastId)) {
        const { data, hasGap } = await way.read(world, request);
        expect({ ...request, data, hasGap }).toEqual({ ...request, data: ["missed"], hasGap: false });
      }
    }),
    { seed, numRuns: 500 },
  );
  expect(published).toBeGreaterThan(100);
});

/** Cursors that no publication of the world has. */
const strangers = fc.oneof(
  // A URL or a header cannot carry a lone surrogate.
  ids.filter((id) => id.isWellFormed()),
  fc.constantFrom(
    "#",
    "#test:",
    "#test:99",
    "#test:-1",
    "#other:1",
    "#test:1.0",
    "#test:01",
    "Earliest",
    "null",
  ),
);

it("every cursor that the hub cannot read or does not know is told as a gap, on every path", async () => {
  await fc.assert(
    fc.asyncProperty(strangers, fc.constantFrom(...ways), async (cursor, way) => {
      const world = new PushStreamWorld({ others: true });
      world.publish("t", "stored", { id: "known" });
      for (const request of requestsOf(way, cursor)) {
        const sent = request.headers["last-event-id"] ?? cursor;
        if (sent === "" || sent === "earliest") continue;
        const { data, hasGap } = await way.read(world, request);
        expect({ ...request, data, hasGap }).toEqual({ ...request, data: ["stored"], hasGap: true });
      }
    }),
    { seed, numRuns: 500 },
  );
});

const now = formatTime(firstSecond);

const moments = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(now, formatTime(0)) },
  fc.constantFrom(
    "",
    "null",
    "garbage",
    "0",
    "1767225600",
    "2026-01-01T00:00:00Z",
    "Thu, 01 Jan 2026",
    "yesterday",
  ),
  fc
    .date({ min: new Date(0), max: new Date(Date.UTC(2025, 0, 1)), noInvalidDate: true })
    .map((date) => date.toUTCString()),
  fc.string({ maxLength: 12 }),
);
const tags = fc.oneof(
  fc.constantFrom("", "0", "1", "2", "W/1", 'W/"1"', "-1", "x", "1e1", "null"),
  fc.string({ maxLength: 4 }),
);

it("no time and tag loses a message in silence, by argument or by header", async () => {
  await fc.assert(
    fc.asyncProperty(moments, tags, fc.boolean(), async (time, tag, byHeader) => {
      const world = new PushStreamWorld({ others: true });
      world.publish("t", "1");
      world.publish("t", "2");
      for (const way of ways.filter(({ parameters }) => parameters === pushNames)) {
        const request = byHeader
          ? { ...way, headers: { ...way.headers, "if-modified-since": time, "if-none-match": tag } }
          : { ...way, query: `${way.query}&${new URLSearchParams({ time, tag }).toString()}` };
        const { path, query, headers = {} } = request;
        const { data, hasGap } = await way.read(world, { path, query, headers });
        const word = tag.trim();
        const [, digits] = /^(?:W\/)?"?-?(\d+)"?$/.exec(word) ?? [];
        const isTag = digits !== undefined || ["", "null"].includes(word);
        const isAbsent = ["", "null"].includes(time.trim()) && isTag && Number(digits ?? 0) === 0;
        // The client has as many messages of the second as its tag says. Without a tag, it has both.
        const isNow = isTag && time === now;
        const expected = isAbsent ? [] : ["1", "2"].slice(isNow ? Number(digits ?? 2) : 0);
        expect({ time, tag, path, data }).toEqual({ time, tag, path, data: expected });
        const isRead = isAbsent || isNow || (isTag && time === formatTime(0));
        expect({ time, tag, path, hasGap }).toEqual({ time, tag, path, hasGap: !isRead });
      }
    }),
    { seed, numRuns: 500 },
  );
});
