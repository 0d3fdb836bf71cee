import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { eventStreamFormat } from "../../../src/gateway/formats/event-stream.js";
import type { Entry } from "../../../src/hub/publications/entry.js";
import { mercurePath, publishPath } from "../../../src/protocol.js";
import { EventStreamParser, type RawEvent } from "../../../src/sse/parse.js";
import { MercureWorld } from "../mercure/mercure-world.js";

/** Texts that have a meaning in a request, in a stream or in a step between them. */
const pieces = [
  "topic data id type retry private match match_urlpattern last_event_id topic=a constructor".split(" "),
  "= & ; + % %0 %0A %0D%0a %00 %ff %E2%80%A8 %C2%85 %25 %2F / ? # . .. * a/b".split(" "),
  [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u0000",
    "\u007f",
    "\u0085",
    "\u2028",
    "\ufeff",
    "\u200b",
    "\ud800",
    " ",
    "\t",
  ],
  ["id: 1", "event: x", "data: x", "retry: 1", ": x", "#1", "earliest", "mercure", "pharos-gap", "é", "😀"],
  '{ } [ ] " \\ : , null true 1e999 -1 100 99999999999 "topic":"a" "data":"b" "retain":true'.split(" "),
  ['"\\u000a"', '"\\ud800"', '"__proto__"', '"constructor"', '{"topic":"a","data":"b"}\n', mercurePath],
  ['{"topic":["a","b"],"data":"x\\ny","id":"7"}\n'],
].flat();

const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(""));
const body = fc.oneof(
  { weight: 3, arbitrary: text.map((given) => Buffer.from(given)) },
  { weight: 3, arbitrary: text.map((given) => Buffer.from(`topic=a&data=${given}`)) },
  { weight: 2, arbitrary: text.map((given) => Buffer.from(JSON.stringify({ topic: "a", data: given }))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }).map((given) => Buffer.from(given)) },
);

const values: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "content-type": fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("application/x-www-form-urlencoded", "application/json", "text/plain"),
    },
    { weight: 2, arbitrary: fc.constantFrom("application/x-ndjson", "Application/JSON;charset=x", "") },
    { weight: 1, arbitrary: text },
  ),
  authorization: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom("Bearer publish.ALL", "bearer publish.a", "Bearer older.publish.ALL"),
    },
    { weight: 1, arbitrary: fc.constantFrom("Bearer subscribe.ALL", "Bearer", "Basic x", "Bearer a b") },
    { weight: 1, arbitrary: text.map((given) => `Bearer ${given}`) },
  ),
  cookie: fc.oneof(
    fc.constantFrom(
      "__Secure-mercure_access_token=publish.ALL",
      "mercureAuthorization=older.publish.a",
      "a=b; a=c",
    ),
    text,
  ),
  origin: fc.constantFrom("https://hub.example", "https://evil.example", "null"),
  "event-id": text,
  "event-type": text,
  "event-retry": fc.oneof(text, fc.constantFrom("500", "0", "1e3")),
  retain: fc.constantFrom("true", "1", "false", "yes", ""),
  private: fc.constantFrom("true", "0", "TRUE ", "x"),
};

const headers = fc
  .record(values, { requiredKeys: ["authorization"] })
  .map((given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ?? ""])));

/** Random pieces everywhere. */
const chaos = fc.record({
  method: fc.constantFrom("POST", "POST", "POST", "POST", "POST", "PUT", "GET", "QUERY", "HEAD"),
  path: fc.oneof(
    fc.constantFrom(mercurePath, publishPath, `${publishPath}/a`),
    text.map((given) => `${publishPath}/${given}`),
  ),
  query: fc.oneof({ weight: 3, arbitrary: fc.constant("") }, text),
  headers,
  body,
});

/** A valid request with random data. */
const plausible = fc.oneof(
  text.map((given) => ask(mercurePath, "application/x-www-form-urlencoded", `topic=a&data=${given}`)),
  text.map((given) => ask(`${publishPath}/a`, "text/plain", given)),
  text.map((given) => ask(`${publishPath}/a`, "application/json", JSON.stringify(given))),
  fc.array(fc.record({ topic: fc.constantFrom("a", "a/b"), data: text }), { maxLength: 3 }).map((given) => {
    const lines = given.map((line) => JSON.stringify(line)).join("\n");
    return ask(publishPath, "application/x-ndjson", lines);
  }),
  fc
    .array(fc.record({ topic: fc.constantFrom("a", "a/b"), data: fc.jsonValue() }), { maxLength: 3 })
    .map((given) => ask(publishPath, "application/json", JSON.stringify(given))),
  fc.tuple(text, text).map(([id, type]) => {
    const form = new URLSearchParams({ topic: "a", data: "b", id, type });
    return ask(mercurePath, "application/x-www-form-urlencoded", form.toString());
  }),
  fc.tuple(text, text, text).map(([data, id, type]) => {
    const form = new URLSearchParams({ topic: "a", data, id, type });
    return ask(publishPath, "application/x-www-form-urlencoded", form.toString());
  }),
);

function ask(path: string, type: string, content: string) {
  const given = { "content-type": type, authorization: "Bearer publish.ALL" };
  return { method: "POST", path, query: "", headers: given, body: Buffer.from(content) };
}

/** A request to one of the publishing paths, valid or with some faults. */
export const hostileRequest = fc.oneof(chaos, plausible);

export type HostileRequest = typeof hostileRequest extends fc.Arbitrary<infer Request> ? Request : never;

/** A gateway that gets the hostile requests. The class checks each answer and its effects. */
export class FuzzedGateway {
  readonly #world = new MercureWorld({ publishOrigins: ["https://hub.example"] });
  readonly #entries: Entry[] = [];
  /** The number of answers by status; streams count as 200. */
  readonly statuses = new Map<number, number>();
  slowestMs = 0;

  constructor() {
    this.#world.journal.follow({ apply: (entry) => void this.#entries.push(entry) });
  }

  /**
   * Sends one request.
   *
   * @throws Error if the server fails, or if the hub publishes a refused publication. Also throws if a publication is
   *   not exactly one event on a stream
   */
  async take(request: HostileRequest): Promise<void> {
    this.#entries.length = 0;
    this.#world.published.length = 0;
    const startedAt = performance.now();
    const answer = await this.#world.ask(request);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    const status = answer.kind === "stream" ? 200 : answer.status;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status >= 500) throw new Error(`answered with ${status}`);
    const isTaken = answer.kind === "reply" && status === 200 && request.method === "POST";
    if (!isTaken && this.#entries.length > 0) throw new Error(`published, and answered with ${status}`);
    if (isTaken && this.#entries.length === 0) throw new Error("taken, and not published");
    for (const entry of this.#entries) checkEvent(entry);
  }
}

/** Each publication becomes one event, with only the fields of the publication. */
function checkEvent(entry: Entry): void {
  const events: RawEvent[] = [];
  const comments: string[] = [];
  const parser = new EventStreamParser({
    onEvent: (event) => void events.push(event),
    onComment: (comment) => void comments.push(comment),
  });
  parser.push(eventStreamFormat.event(entry).toString());
  const { data, type, retryMs } = entry.publication;
  const expected = {
    id: entry.id,
    ...(type === undefined ? {} : { type }),
    ...(retryMs === undefined ? {} : { retryMs }),
    data: data.replaceAll(/\r\n?/g, "\n"),
  };
  const [event, ...others] = events;
  if (!isDeepStrictEqual({ ...event }, expected) || others.length > 0 || comments.length > 0)
    throw new Error(`became ${JSON.stringify({ events, comments })} instead of ${JSON.stringify(expected)}`);
}
