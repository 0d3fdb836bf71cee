import * as fc from "fast-check";
import { mercurePath, publishPath, streamPath } from "../../src/protocol.js";
import { EventStreamParser, type RawEvent } from "../../src/sse/parse.js";
import { SubscribeWorld, tokenNames, tokens, type Outcome, type TokenName } from "./subscribe-world.js";

/** Pieces with a meaning in a query, a cookie or a stream. */
const marks = [
  "= & ; , + % %0 %0A %0D%0a %00 %ff %E2%80%A8 %C2%85 %E2%80%AE %25 %23 %2B # ? / : * ( ) [ ] { } | \\ \" '".split(
    " ",
  ),
  [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\u0000",
    "\u0085",
    "\u2028",
    "\u202e",
    "\ufeff",
    " ",
    "\t",
    "é",
    "😀",
    "\ud800",
  ],
  ["id: 1", "event: x", "data: forged\n\n", "data: forged%0A%0A", ": x", "retry: 1", "Set-Cookie: x"],
].flat();
const topicTexts = "a b a/b c a/+ a/%23 %23 + * {x} a{?x} :x /:x (a|b) http://a/b/* %61 $SYS a b a *".split(
  " ",
);
const cursors = "earliest %23e:1 %23e:0 %23e:99999999 %23x:1 private-a public-a".split(" ");
const parameterNames =
  "topic match match_exact match_urlpattern match_mqtt match_regex Match matchTopic last_event_id lastEventID Last-Event-ID authorization constructor __proto__".split(
    " ",
  );
const cookieNames = ["__Secure-mercure_access_token", "mercureAuthorization"];

const noise = fc.array(fc.constantFrom(...marks), { maxLength: 3 }).map((parts) => parts.join(""));
const token = fc.constantFrom(...tokenNames);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...topicTexts) },
  { weight: 3, arbitrary: fc.constantFrom(...cursors) },
  { weight: 3, arbitrary: token },
  { weight: 1, arbitrary: noise },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...topicTexts), noise).map((parts) => parts.join("")) },
);
const pair = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parameterNames) }, { weight: 1, arbitrary: noise }),
    fc.constantFrom("=", "=", "=", "=", "", "%3D"),
    value,
  )
  .map((parts) => parts.join(""));
const chaos = fc
  .array(fc.tuple(pair, fc.constantFrom("&", "&", "&", "&", ";", "%26")), { maxLength: 5 })
  .map((pairs) => pairs.flat().slice(0, -1).join(""));

/** A query that may be valid: filters of one form, a cursor, a token. */
function plausible(names: readonly string[], cursorName: string): fc.Arbitrary<string> {
  const filter = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...topicTexts));
  const filters = fc.array(filter, { minLength: 1, maxLength: 3 });
  const cursor = fc.option(fc.constantFrom(...cursors));
  return fc.tuple(filters, cursor, fc.option(fc.oneof(token, noise))).map(([given, id, credential]) => {
    const pairs = given.map(([name, text]) => `${name}=${text}`);
    if (id !== null) pairs.push(`${cursorName}=${id}`);
    if (credential !== null) pairs.push(`authorization=${credential}`);
    return pairs.join("&");
  });
}

const parameters = fc.oneof(
  plausible(["match", "match_exact", "match_mqtt", "match_urlpattern"], "last_event_id"),
  plausible(["topic"], "lastEventID"),
  chaos,
);

const cookie = fc
  .array(
    fc
      .tuple(
        fc.constantFrom("", "", "", " ", "x", "__", ",", "\t"),
        fc.constantFrom(...cookieNames, ...cookieNames, "mercureauthorization", "a", "__proto__"),
        fc.constantFrom("=", "=", "=", " = ", "==", ":", ""),
        fc.oneof({ weight: 5, arbitrary: token }, { weight: 1, arbitrary: noise }),
        fc.oneof({ weight: 5, arbitrary: fc.constant("") }, { weight: 1, arbitrary: noise }),
        fc.constantFrom("; ", "; ", ";", ",", ", ", " ", "\r\n"),
      )
      .map((parts) => parts.join("")),
    { maxLength: 4 },
  )
  .map((cookies) => cookies.join(""));

/** A subscriber's request with anything in its query. */
export const hostileQuery: fc.Arbitrary<HostileRequest> = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "GET", "GET", "HEAD", "QUERY"),
  path: fc.constantFrom(streamPath, mercurePath, mercurePath),
  query: parameters,
  body: parameters,
  headers: fc.constantFrom(
    {},
    {},
    { "last-event-id": "private-a" },
    { cookie: "mercureAuthorization=current-a" },
    { authorization: "Bearer current-b" },
  ),
});

/** A subscriber's or publisher's request with anything in its cookies. */
export const hostileCookie: fc.Arbitrary<HostileRequest> = fc.record({
  method: fc.constantFrom("GET", "GET", "GET", "POST"),
  path: fc.constantFrom(streamPath, mercurePath, `${publishPath}/a`),
  query: fc.constantFrom(
    "topic=a&topic=b",
    "topic=%23",
    "match=*",
    "topic=*",
    "match=a&last_event_id=earliest",
  ),
  body: fc.constantFrom("topic=a&data=b", ""),
  headers: fc
    .tuple(cookie, fc.constantFrom("https://hub.example", "https://evil.example", undefined))
    .map(([given, origin]) => (origin === undefined ? { cookie: given } : { cookie: given, origin })),
});

interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: string;
  readonly headers: Headers;
}

type Headers = Readonly<Record<string, string>>;

const formType = { "content-type": "application/x-www-form-urlencoded" };

/** The publications that the fuzzer repeats: the topics, and whether the publication is private. */
const kinds = [
  { topics: ["a"], private: true },
  { topics: ["b"], private: true },
  { topics: ["c"], private: true },
  { topics: ["a", "c"], private: true },
  { topics: ["a"], private: false },
  { topics: ["b"], private: false },
  { topics: ["a/b"], private: false },
] as const;

/** Data that hostile requests may have published. The empty text is the data of positions. */
const othersData: ReadonlySet<string> = new Set(["", "b", "topic=a&data=b"]);

type Kind = (typeof kinds)[number];

/** A hub that gets the hostile requests. The class checks each answer and each stream. */
export class FuzzedSubscriptions {
  readonly #world = new SubscribeWorld();
  readonly statuses = new Map<number, number>();
  /** The events on streams: public events, and private events for clients with the right to read the event. */
  readonly events = { public: 0, private: 0 };
  slowestMs = 0;

  constructor() {
    this.#publishAll();
    this.#world.publish(["a"], JSON.stringify(kinds[0]), { private: true, id: "private-a" });
    this.#world.publish(["a"], JSON.stringify(kinds[4]), { id: "public-a" });
  }

  /**
   * Sends one request.
   *
   * @throws Error if the server fails, or if the hub accepts a publication without a right. Also throws if a stream
   *   gets a forbidden event, or an event that was never published
   */
  async take(request: HostileRequest): Promise<void> {
    const before = this.#world.published;
    const startedAt = performance.now();
    const headers = { ...formType, ...request.headers };
    const outcome = await this.#world.ask({ ...request, headers }, () => this.#publishAll());
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAt);
    this.#checkAnswer(outcome);
    const presented = presentedTokens(request);
    if (outcome.stream === undefined)
      this.#checkPublished(request, presented, this.#world.published - before);
    else this.#checkStream(outcome.stream, presented, wantedTexts(request));
  }

  #publishAll(): void {
    for (const kind of kinds)
      this.#world.publish(kind.topics, JSON.stringify(kind), { private: kind.private });
  }

  #checkAnswer({ answer }: Outcome): void {
    const status = answer.kind === "stream" ? 200 : answer.status;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if (status >= 500) throw new Error(`answered with ${status}`);
    const broken = answer.headers.find(([, text]) => /[^\t\u0020-\u007E\u0080-\u00FF]/.test(text));
    if (broken !== undefined) throw new Error(`the header ${JSON.stringify(broken)} cannot be written`);
  }

  #checkPublished({ method, headers }: HostileRequest, by: readonly TokenName[], count: number): void {
    const mayPublish =
      method === "POST" && by.includes("current-writer") && headers["origin"] === "https://hub.example";
    if (count > 0 && !mayPublish) throw new Error("published without the right to");
  }

  #checkStream(stream: Buffer, presented: readonly TokenName[], wanted: readonly string[]): void {
    for (const event of eventsOf(stream)) {
      if (event.type === "pharos-gap") {
        checkGap(event.data ?? "", presented);
        continue;
      }
      const kind = kinds.find((each) => JSON.stringify(each) === event.data);
      if (kind === undefined) {
        if (!othersData.has(event.data ?? "")) throw new Error(`nobody published ${JSON.stringify(event)}`);
        continue;
      }
      if (kind.private && !mayRead(presented, kind.topics)) throw new Error(`may not read ${event.data}`);
      if (!isWanted(kind, wanted)) throw new Error(`${event.data} to a stream of ${JSON.stringify(wanted)}`);
      this.events[kind.private ? "private" : "public"] += 1;
    }
  }
}

function eventsOf(stream: Buffer): readonly RawEvent[] {
  const events: RawEvent[] = [];
  const head = stream.indexOf("\r\n\r\n");
  const parser = new EventStreamParser({ onEvent: (event) => void events.push(event) });
  parser.push(stream.subarray(head + 4).toString());
  return events;
}

function checkGap(data: string, presented: readonly TokenName[]): void {
  const notice = JSON.parse(data) as { readonly topics: readonly { readonly topic: string }[] };
  // All publications on c are private.
  const foreign = notice.topics.find(({ topic }) => topic === "c" && !mayRead(presented, ["a", "c"]));
  if (foreign !== undefined) throw new Error(`the gap names ${foreign.topic}`);
}

function mayRead(presented: readonly TokenName[], topics: readonly string[]): boolean {
  const granted = new Set<string>(
    presented.flatMap((name) => (tokens[name].action === "subscribe" ? tokens[name].topics : [])),
  );
  return granted.has("*") || topics.some((topic) => granted.has(topic));
}

/** For each token, a pattern that finds it in a cookie that the hub reads. */
const cookieOf = Object.fromEntries(
  tokenNames.map((name) => [
    name,
    new RegExp(`(?:^|;)\\s*(?:${cookieNames.join("|")})\\s*=\\s*"?${name}"?\\s*(?:;|$)`),
  ]),
) as Readonly<Record<TokenName, RegExp>>;

/** All tokens that the hub may read from a request. This is an upper bound, because the hub uses only one token. */
function presentedTokens({ method, path, query, body, headers }: HostileRequest): readonly TokenName[] {
  const form = new URLSearchParams(query);
  // A QUERY may have its topics in the body, but its token only in the URL.
  const isOlderForm = form.has("topic") || (method === "QUERY" && new URLSearchParams(body).has("topic"));
  return tokenNames.filter((name) => {
    const inHeader = headers["authorization"] === `Bearer ${name}`;
    const inCookie = cookieOf[name].test(headers["cookie"] ?? "");
    const mayBeInQuery = path === streamPath || (path === mercurePath && isOlderForm);
    const inQuery = mayBeInQuery && form.getAll("authorization").includes(name) && isOlder(name);
    return inHeader || inCookie || inQuery;
  });
}

function isOlder(name: TokenName): boolean {
  return tokens[name].form === "older";
}

/** All texts that a request may mean as filters. */
function wantedTexts({ method, path, query, body }: HostileRequest): readonly string[] {
  const texts = [...new URLSearchParams(method === "QUERY" ? `${query}&${body}` : query)];
  const raw = path === streamPath ? [...new URLSearchParams(query.replaceAll("+", "%2B"))] : [];
  return [...texts, ...raw].flatMap(([name, text]) => (/^(topic|match)/.test(name) ? [text] : []));
}

/**
 * True if a client with these texts may want the event: a text is the topic itself, or has a wildcard. This is an
 * upper bound.
 */
function isWanted({ topics }: Kind, wanted: readonly string[]): boolean {
  return wanted.some((text) => topics.some((topic) => topic === text) || /[+#*{:(]/.test(text));
}
