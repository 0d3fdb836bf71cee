import type { Grants, TokenVerifier } from "../../src/auth/grants/grants.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import type { AdmittedStream } from "../../src/delivery/joining/admitted-stream.js";
import { Fanout } from "../../src/delivery/fanout.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import { Gateway } from "../../src/gateway/gateway.js";
import type { Reply, StreamStart } from "../../src/gateway/http/messages.js";
import { WebSocketOrigins } from "../../src/gateway/access/websocket-origins.js";
import { PollAdmission } from "../../src/gateway/streams/poll-admission.js";
import { Publisher } from "../../src/gateway/publishing/publisher.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { opcodes } from "../../src/gateway/websocket/frame.js";
import { allTopics, parseExactFilter } from "../../src/hub/filters/filter.js";
import { Hub } from "../../src/hub/hub.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { defaultPublicationLimits } from "../../src/limits/publications.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { Polls } from "../../src/delivery/polls/polls.js";
import type { RefusalLog } from "../../src/gateway/refusals/refusal-log.js";
import { PublishOnce } from "../../src/gateway/publishing/publish-once.js";
import { mercure } from "../../src/protocols/mercure/mercure.js";
import { eventStreamResource } from "../../src/protocols/pharos/esupdates.js";
import { pollResource } from "../../src/protocols/pharos/poll.js";
import { webSocketResource } from "../../src/protocols/pharos/websocket.js";
import { Deleter } from "../../src/gateway/publishing/deleter.js";
import type { Topic } from "../../src/hub/topics/topic.js";
import { ChannelDeletions } from "../../src/protocols/push-stream/channels/channel-deletions.js";
import { pushStream } from "../../src/protocols/push-stream/push-stream.js";
import { Stamps } from "../../src/protocols/push-stream/messages/stamps.js";
import { testEpoch } from "../delivery/fanout-world.js";
import type { Client } from "../gateway/subscribe-world.js";
import { EagerChannel } from "../gateway/subscribe-world.js";
import { gatewayRequest } from "../gateway/request.js";
import { decodeChunks } from "../support/chunks.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { framesOf, handshakeHeaders } from "../support/web-socket.js";
import type { ReceivedFrame } from "../support/web-socket.js";

/** Tokens name their rights: `publish.a.b` grants the topics a and b, `subscribe.ALL` all topics, `both.a` both rights. */
const verifier: TokenVerifier = {
  verify: (token) => Promise.resolve({ ok: true, grants: grantsOf(token) }),
};

function grantsOf(token: string): Grants {
  const [action = "", ...topics] = token.split(".");
  const filters = topics.map((text) => (text === "ALL" ? allTopics : parseExactFilter(text)));
  return {
    form: "older",
    publish: action === "subscribe" ? [] : filters,
    mayPublish: action !== "subscribe",
    subscribe: action === "publish" ? [] : filters,
    expiresAtMs: undefined,
    issuer: undefined,
    subject: undefined,
    payloadFor: () => undefined,
  };
}

type Request = Parameters<typeof gatewayRequest>[0];

/** What a stream has got so far. */
export class Stream {
  readonly #client: Client;
  readonly #isChunked: boolean;
  readonly #say: (text: string) => Promise<void>;
  readonly headers: ReadonlyMap<string, string>;

  constructor(
    client: Client,
    options: {
      readonly headers: ReadonlyMap<string, string>;
      readonly isChunked: boolean;
      readonly say: (text: string) => Promise<void>;
    },
  ) {
    this.#client = client;
    this.#isChunked = options.isChunked;
    this.#say = options.say;
    this.headers = options.headers;
  }

  /** The text of the stream, without the framing of chunks. */
  get text(): string {
    const bytes = Buffer.concat(this.#client.written);
    if (!this.#isChunked) return bytes.toString();
    const { body, rest } = decodeChunks(bytes);
    if (rest.length > 0) throw new Error(`not a whole chunk: ${JSON.stringify(rest.toString())}`);
    return body.toString();
  }

  /** The frames of a WebSocket, in order. */
  get frames(): readonly ReceivedFrame[] {
    return framesOf(Buffer.concat(this.#client.written));
  }

  /** The messages and notices of the stream. */
  get messages(): readonly Message[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => JSON.parse(payload.toString()) as Message);
  }

  /** Sends a message of the client. Resolves when the hub has handled the message. */
  say(text: string): Promise<void> {
    return this.#say(text);
  }
}

/** The first second of the clock of these tests. */
export const firstSecond = Date.UTC(2026, 0, 1) / 1000;

export interface PushStreamWorldOptions {
  /** @default none */
  readonly prefix?: string;
  /** The most stored messages of a channel. */
  readonly topicEvents?: number;
  /** Throws if the client of a WebSocket publishes too often. @default never throws */
  readonly admitPublish?: () => void;
  /** True if the gateway also serves the other protocols. @default false */
  readonly others?: boolean;
}

/** A gateway that serves the push stream module's URL scheme, over a hub in memory. */
export class PushStreamWorld {
  readonly clock = new VirtualClock();
  readonly gateway: Gateway;
  readonly polls: Polls;
  /** The codes of WebSocket errors in the log. */
  readonly refusals: string[] = [];
  readonly #journal: MemoryJournal;
  readonly #fanout: Fanout<Client>;

  constructor(options: PushStreamWorldOptions = {}) {
    const { clock } = this;
    const { topicEvents = defaultHistoryLimits.topicEvents } = options;
    const limits = { ...defaultHistoryLimits, topicEvents };
    this.#journal = new MemoryJournal({
      epochs: EpochChain.of(testEpoch),
      clock,
      metrics: silentMetrics,
      limits,
    });
    const hub = new Hub({ history: this.#journal.history, clock });
    const beganMs = clock.now() - 2000;
    const stamps = new Stamps(() => beganMs);
    this.#journal.follow({
      apply: (entry) => {
        stamps.apply(entry);
        hub.apply(entry);
      },
    });
    const pages = { limits: { roundBytes: 1024 * 1024 }, pageCacheBytes: 1024 * 1024 };
    this.polls = new Polls({ hub, clock, metrics: silentMetrics, ...pages });
    const channel = new EagerChannel();
    const cohorts = new LocalCohorts({ name: "t", hub });
    this.#fanout = new Fanout({ front: "t", cohorts, channel, clock, metrics: silentMetrics });
    channel.drained = (connection) => this.#fanout.drained(connection);
    this.gateway = this.#createGateway(hub, { ...options, stamps });
  }

  /** Publishes as another protocol does. */
  publish(
    topics: string | readonly string[],
    data: string,
    more: Omit<PublicationInput, "topics" | "data"> = {},
  ): void {
    this.#journal.append(parsePublication({ topics: [topics].flat(), data, ...more }));
  }

  /** Sends a request, by default as a program of this machine. */
  async ask(request: Request): Promise<Reply> {
    const asked = gatewayRequest({ headers: { host: "localhost" }, ...request });
    const answer = await this.gateway.handle(asked);
    if (answer.kind === "stream") throw new Error(`${asked.path} has opened a stream`);
    return answer;
  }

  /** Posts a message as a form. */
  post(path: string, query: string, body: string): Promise<Reply> {
    const type = "application/x-www-form-urlencoded";
    return this.ask({
      method: "POST",
      path,
      query,
      body,
      headers: { host: "localhost", "content-type": type },
    });
  }

  /** Opens a stream. Publications from now on arrive at the end of a turn. */
  async open(request: Request): Promise<Stream> {
    const asked = gatewayRequest(request);
    const answer = await this.gateway.handle(asked);
    if (answer.kind === "reply") throw new Error(`refused with ${answer.status}`);
    const opened: Stream[] = [];
    const refusal = this.gateway.admit(asked, answer, (admitted) => opened.push(this.#start(admitted)));
    const [stream] = opened;
    if (stream === undefined) throw new Error(`refused with ${refusal?.status ?? "no reply"}`);
    return stream;
  }

  #start(start: AdmittedStream<StreamStart>): Stream {
    const client: Client = { written: [] };
    const connection = this.#fanout.open(start, { handle: client, head: start.opening });
    this.turn();
    const say = async (text: string): Promise<void> => {
      const result = await start.dialogue?.onText?.(text);
      if (result === undefined) throw new Error("this is no WebSocket");
      this.#fanout.reply(connection, result);
      this.turn();
    };
    return new Stream(client, { headers: headersOf(start), isChunked: start.isChunked ?? false, say });
  }

  /** Opens a WebSocket, by default as a program of this machine. */
  openSocket({ headers = {}, ...request }: Request): Promise<Stream> {
    const shaken = { host: "localhost", ...lowerCase(handshakeHeaders), ...headers };
    return this.open({ ...request, headers: shaken });
  }

  turn(): void {
    this.clock.runEndOfTurn();
  }

  /** Sends a poll. The hub answers the poll at the end of a turn or after the poll's waiting time. */
  poll(request: Request): { readonly reply: () => Reply | undefined } {
    let reply: Reply | undefined;
    void this.ask(request).then((answer) => {
      reply = answer;
    });
    return { reply: () => reply };
  }

  #note(code: string): string {
    this.refusals.push(code);
    return "";
  }

  #createGateway(
    hub: Hub,
    {
      stamps,
      prefix = "",
      admitPublish = () => undefined,
      others = false,
    }: PushStreamWorldOptions & { readonly stamps: Stamps },
  ): Gateway {
    const { clock, polls } = this;
    const authenticator = new Authenticator({ verifier, anonymous: true, publishOrigins: [] });
    const publishing = new Publisher({
      authenticator,
      begin: (groupName) => this.#journal.begin(groupName),
      room: () => undefined,
      limits: defaultPublicationLimits,
      clock,
      open: true,
    });
    const refusals: Pick<RefusalLog, "note"> = { note: (_request, { problem }) => this.#note(problem.code) };
    const ports = {
      streams: { retryMs: () => 5000, heartbeatMs: 15_000, filtersPerConnection: 5, filterBytes: 64 },
      authenticator,
      publishing,
      origins: new WebSocketOrigins({ hubUrl: "http://hub.example", corsOrigins: ["https://page.example"] }),
      refusals,
      polling: new PollAdmission({ clock, polls, admit: () => () => undefined }),
      history: this.#journal.history,
      clock,
    };
    const deleter = new Deleter({
      journal: this.#journal,
      hasValue: (topic) => hub.retained.has(topic),
      clock,
      metrics: silentMetrics,
    });
    const readersOf = (topic: Topic): number => hub.readersOf(topic);
    const deletions = new ChannelDeletions({ deleter, journal: this.#journal, readersOf });
    this.#journal.keep(deletions);
    const pushed = pushStream({
      ...ports,
      prefix,
      deletions,
      clients: { admitPublish },
      stamps,
      readersOf,
      followedTopics: () => hub.followedTopics(),
      subscribers: () => this.#fanout.size + polls.size,
      limits: { topicBytes: 64 },
    });
    const hubUrl = "http://hub.example/.well-known/mercure";
    const rest = [
      eventStreamResource(ports),
      pollResource(ports),
      webSocketResource(ports),
      ...mercure({
        ...ports,
        once: new PublishOnce({ journal: this.#journal }),
        hubUrl,
        access: { issuers: [] },
      }),
    ];
    return new Gateway({
      corsOrigins: ["https://page.example"],
      resources: others ? [...pushed, ...rest] : pushed,
    });
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Headers by their lower-case names. */
export function headersOf({ headers }: Pick<Reply, "headers">): ReadonlyMap<string, string> {
  return new Map(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

export interface Message {
  readonly id: number;
  readonly channel: string;
  readonly text: string;
  readonly tag: string;
  readonly time: string;
  readonly eventid: string;
}

/** The messages of an answer to a long poll, split as the client library does. */
export function messagesOf(text: string): readonly Message[] {
  return text
    .replaceAll("}{", "}\r\n{")
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Message);
}

/** The texts of these messages, decoded as the client library does. */
export function textsOf(text: string): readonly string[] {
  return messagesOf(text).map((message) => decodeURIComponent(message.text));
}
