import type { EndReason } from "../../src/delivery/joining/open-stream.js";
import type { Grants, TokenVerifier } from "../../src/auth/grants/grants.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import type { Channel } from "../../src/delivery/channel.js";
import type { Connection } from "../../src/delivery/connection.js";
import { Fanout } from "../../src/delivery/fanout.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import { eventStreamResource } from "../../src/protocols/pharos/esupdates.js";
import { Gateway } from "../../src/gateway/gateway.js";
import type { GatewayOptions } from "../../src/gateway/gateway.js";
import { encodeStreamHead } from "../../src/gateway/http/response-head.js";
import { mercure } from "../../src/protocols/mercure/mercure.js";
import type { AdmittedStream } from "../../src/delivery/joining/admitted-stream.js";
import type { Answer, StreamStart } from "../../src/gateway/http/messages.js";
import { publishResource } from "../../src/protocols/pharos/publishing/publish.js";
import { Deleter } from "../../src/gateway/publishing/deleter.js";
import { PublishOnce } from "../../src/gateway/publishing/publish-once.js";
import { Publisher } from "../../src/gateway/publishing/publisher.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { allTopics, parseExactFilter } from "../../src/hub/filters/filter.js";
import { Hub } from "../../src/hub/hub.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { defaultPublicationLimits } from "../../src/limits/publications.js";
import type { PublicationInput } from "../../src/hub/publications/publication.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { hubUrl } from "../protocols/mercure/mercure-world.js";
import { gatewayRequest } from "./request.js";

/** The tokens of these tests, and the topics that each grants; `*` is all. */
export const tokens = {
  "current-a": { form: "current", action: "subscribe", topics: ["a"] },
  "older-a": { form: "older", action: "subscribe", topics: ["a"] },
  "current-b": { form: "current", action: "subscribe", topics: ["b"] },
  "older-all": { form: "older", action: "subscribe", topics: ["*"] },
  "current-writer": { form: "current", action: "publish", topics: ["*"] },
} as const;

export type TokenName = keyof typeof tokens;
export const tokenNames = Object.keys(tokens) as readonly TokenName[];

function grantsOf(name: string): Grants | undefined {
  const token = Object.hasOwn(tokens, name) ? tokens[name as TokenName] : undefined;
  if (token === undefined) return undefined;
  const filters = token.topics.map((topic) => (topic === "*" ? allTopics : parseExactFilter(topic)));
  return {
    form: token.form,
    publish: token.action === "publish" ? filters : [],
    mayPublish: token.action === "publish",
    subscribe: token.action === "subscribe" ? filters : [],
    expiresAtMs: undefined,
    issuer: "https://issuer.example",
    subject: name,
    payloadFor: () => undefined,
  };
}

const verifier: TokenVerifier = {
  verify: (token) => {
    const grants = grantsOf(token);
    return Promise.resolve(grants === undefined ? { ok: false, reason: "made up" } : { ok: true, grants });
  },
};

/** A client that reads everything at once. */
export interface Client {
  readonly written: Buffer[];
}

/** A channel on which each write is complete before `write` returns. */
export class EagerChannel implements Channel<Client> {
  readonly maxWriteBytes = Number.POSITIVE_INFINITY;
  readonly pacing = "drain";
  drained: (connection: Connection<Client>) => void = () => undefined;

  roundBytes(): number {
    return Number.POSITIVE_INFINITY;
  }

  write(connection: Connection<Client>, body: Buffer): void {
    connection.handle.written.push(body);
    this.drained(connection);
  }

  writeRound(members: ReadonlySet<Connection<Client>>, body: Buffer): void {
    for (const member of members) this.write(member, body);
  }

  whenHandedOver(action: () => void): void {
    action();
  }

  joined(): void {}
  left(): void {}
  end({ handle }: Connection<Client>, _reason: EndReason, last: Buffer): void {
    if (last.length > 0) handle.written.push(last);
  }
  cut(): void {}
  flush(): void {}
}

type Request = Parameters<typeof gatewayRequest>[0];

/** The result of a request: its answer, and the bytes of its stream. */
export interface Outcome {
  readonly answer: Answer;
  /** The bytes of the stream with the response head; undefined if the hub opened no stream. */
  readonly stream: Buffer | undefined;
}

/** All parts between a request and the bytes of its stream: gateway, journal, hub and fan-out. */
export class SubscribeWorld {
  readonly gateway: Gateway;
  /** The number of publications so far. */
  published = 0;
  readonly #clock = new VirtualClock();
  readonly #journal: MemoryJournal;
  readonly #fanout: Fanout<Client>;

  /** @param refusals the log of error responses; none by default */
  constructor(refusals?: GatewayOptions["refusals"]) {
    const clock = this.#clock;
    this.#journal = new MemoryJournal({
      epochs: EpochChain.of(parseEpoch("e") ?? never()),
      clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, topicEvents: 4 },
    });
    const hub = new Hub({ history: this.#journal.history, clock, baseUrl: hubUrl });
    this.#journal.follow({
      apply: (entry) => {
        this.published += 1;
        hub.apply(entry);
      },
    });
    const channel = new EagerChannel();
    this.#fanout = new Fanout({
      front: "t",
      cohorts: new LocalCohorts({ name: "t", hub }),
      channel,
      clock,
      metrics: silentMetrics,
    });
    channel.drained = (connection) => this.#fanout.drained(connection);
    this.gateway = this.#createGateway(hub, refusals);
  }

  publish(
    topics: readonly string[],
    data: string,
    more: Omit<PublicationInput, "topics" | "data"> = {},
  ): void {
    this.#journal.append(parsePublication({ topics, data, ...more }));
  }

  /** Sends a request. `live` publishes while the stream of this request is open. */
  async ask(request: Request, live: () => void): Promise<Outcome> {
    const asked = gatewayRequest(request);
    const answer = await this.gateway.handle(asked);
    if (answer.kind === "reply") return { answer, stream: undefined };
    let stream: Buffer | undefined;
    const refusal = this.gateway.admit(asked, answer, (admitted) => {
      stream = this.#transmit(admitted, live);
    });
    return { answer: refusal ?? answer, stream };
  }

  #transmit(start: AdmittedStream<StreamStart>, live: () => void): Buffer {
    const client: Client = { written: [] };
    const connection = this.#fanout.open(start, { handle: client, head: encodeStreamHead(start) });
    this.#clock.runEndOfTurn();
    live();
    this.#clock.runEndOfTurn();
    this.#fanout.closed(connection);
    return Buffer.concat(client.written);
  }

  #createGateway(hub: Hub, refusals: GatewayOptions["refusals"]): Gateway {
    const turns = {
      monotonic: () => this.#clock.monotonic(),
      endOfTurn: (action: () => void) => void setImmediate(action),
    };
    const authenticator = new Authenticator({
      verifier,
      anonymous: true,
      publishOrigins: ["https://hub.example"],
    });
    const publishing = new Publisher({
      authenticator,
      begin: (groupName) => this.#journal.begin(groupName),
      room: () => undefined,
      limits: defaultPublicationLimits,
      clock: turns,
      open: false,
    });
    const streams = { retryMs: () => 5000, heartbeatMs: 15_000, filtersPerConnection: 5, filterBytes: 64 };
    const { history } = this.#journal;
    const once = new PublishOnce({ journal: this.#journal });
    const deleter = new Deleter({
      journal: this.#journal,
      hasValue: (topic) => hub.retained.has(topic),
      clock: this.#clock,
      metrics: silentMetrics,
    });
    return new Gateway({
      corsOrigins: ["https://hub.example"],
      checkRoom: ({ filters }) => hub.checkPatterns(filters),
      ...(refusals === undefined ? {} : { refusals }),
      resources: [
        eventStreamResource({ streams, authenticator, history }),
        ...mercure({
          streams,
          authenticator,
          publishing,
          once,
          hubUrl,
          history,
          clock: turns,
          access: { issuers: [] },
          subscriptions: undefined,
        }),
        publishResource({ publishing, once, deleter }),
      ],
    });
  }
}

function never(): never {
  throw new Error("this is an epoch");
}
