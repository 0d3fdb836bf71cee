import type { Grants, TokenVerifier } from "../../../src/auth/grants/grants.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import type { PharosError } from "../../../src/base/errors.js";
import { eventStreamResource } from "../../../src/protocols/pharos/esupdates.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import { mercure } from "../../../src/protocols/mercure/mercure.js";
import type { Answer, Reply, StreamStart } from "../../../src/gateway/http/messages.js";
import { publishResource } from "../../../src/protocols/pharos/publishing/publish.js";
import { Deleter } from "../../../src/gateway/publishing/deleter.js";
import { PublishOnce } from "../../../src/gateway/publishing/publish-once.js";
import { Publisher } from "../../../src/gateway/publishing/publisher.js";
import type { StreamSettings } from "../../../src/gateway/streams/stream-start.js";
import { Authenticator } from "../../../src/gateway/access/authenticator.js";
import { allTopics, parseExactFilter } from "../../../src/hub/filters/filter.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import type { Publication } from "../../../src/hub/publications/publication.js";
import { defaultPublicationLimits } from "../../../src/limits/publications.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import { MemoryJournal } from "../../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { ActiveSubscriptions } from "../../../src/presence/active-subscriptions.js";
import { mercurePath } from "../../../src/protocol.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gatewayRequest } from "../../gateway/request.js";

export const hubUrl = `https://hub.example${mercurePath}`;

const filterOf = (text: string) => (text === "ALL" ? allTopics : parseExactFilter(text));

/**
 * The tokens of these tests name their rights: `publish.a.b` grants the topics a and b, `subscribe.ALL` all topics.
 * `older.…` is a token of the older form. The function refuses all other tokens.
 */
function grantsOf(token: string): Grants | undefined {
  const [first = "", ...others] = token.split(".");
  const form = first === "older" ? "older" : "current";
  const [action = "", ...topics] = form === "older" ? others : [first, ...others];
  if (action !== "publish" && action !== "subscribe") return undefined;
  const filters = topics.map(filterOf);
  return {
    form,
    publish: action === "publish" ? filters : [],
    mayPublish: action === "publish",
    subscribe: action === "subscribe" ? filters : [],
    expiresAtMs: 4_102_444_800_000,
    issuer: "https://issuer.example",
    subject: "someone",
    payloadFor: () => undefined,
  };
}

const verifier: TokenVerifier = {
  verify: (token) => {
    const grants = grantsOf(token);
    return Promise.resolve(grants === undefined ? { ok: false, reason: "made up" } : { ok: true, grants });
  },
};

export interface MercureWorldOptions {
  readonly open?: boolean;
  readonly stopping?: boolean;
  readonly publishOrigins?: readonly string[];
  /** True if the hub serves active subscriptions. @default false */
  readonly subscriptions?: boolean;
  /** @default none */
  readonly corsOrigins?: readonly string[];
  /** @default "none" */
  readonly compress?: StreamSettings["compress"];
}

type Request = Parameters<typeof gatewayRequest>[0];

/** A gateway that speaks Mercure, over a journal in memory. */
export class MercureWorld {
  readonly journal: MemoryJournal;
  readonly published: Publication[] = [];
  /** The reasons of error responses in the log. */
  readonly refusals: string[] = [];
  readonly gateway: Gateway;

  constructor(options: MercureWorldOptions = {}) {
    const { open = false, publishOrigins = [] } = options;
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(parseEpoch("e") ?? never()),
      clock: new VirtualClock(),
      metrics: silentMetrics,
      limits: defaultHistoryLimits,
    });
    this.journal.follow({ apply: ({ publication }) => void this.published.push(publication) });
    const clock = new VirtualClock();
    const authenticator = new Authenticator({ verifier, anonymous: true, publishOrigins });
    const publishing = new Publisher({
      authenticator,
      begin: (groupName) => this.journal.begin(groupName),
      room: () => undefined,
      limits: defaultPublicationLimits,
      open,
      clock,
      isStopping: () => options.stopping === true,
    });
    const { compress = "none" } = options;
    const streams = {
      retryMs: () => 5000,
      heartbeatMs: 15_000,
      filtersPerConnection: 5,
      filterBytes: 64,
      compress,
    };
    const once = new PublishOnce({ journal: this.journal });
    const deleter = new Deleter({
      journal: this.journal,
      hasValue: () => false,
      clock,
      metrics: silentMetrics,
    });
    const issuers = ["https://issuer.example"];
    this.gateway = new Gateway({
      corsOrigins: options.corsOrigins ?? [],
      refusals: { note: (_request, { problem }) => this.#note(problem) },
      resources: [
        eventStreamResource({ streams, authenticator, history: this.journal.history }),
        ...mercure({
          streams,
          authenticator,
          publishing,
          once,
          hubUrl,
          history: this.journal.history,
          clock,
          access: { issuers },
          subscriptions:
            options.subscriptions === true
              ? { active: new ActiveSubscriptions(), limits: { subscriptionListBytes: 1000 } }
              : undefined,
        }),
        publishResource({ publishing, once, deleter }),
      ],
    });
  }

  #note({ reason }: PharosError): string {
    if (reason !== undefined) this.refusals.push(reason);
    return "urn:uuid:0";
  }

  async ask(request: Request): Promise<Answer> {
    return this.gateway.handle(gatewayRequest({ path: mercurePath, ...request }));
  }

  async reply(request: Request): Promise<Reply> {
    const answer = await this.ask(request);
    if (answer.kind !== "reply") throw new Error("a stream was opened");
    return answer;
  }

  async stream(query: string, headers: Readonly<Record<string, string>> = {}): Promise<StreamStart> {
    const answer = await this.ask({ query, headers });
    if (answer.kind !== "stream") throw new Error(`refused with ${answer.status}: ${answer.body.toString()}`);
    return answer;
  }

  /** POSTs a form. Uses a token that may publish everything unless the headers have other credentials. */
  publish(body: string, headers: Readonly<Record<string, string>> = bearer("publish.ALL")): Promise<Reply> {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return this.reply({ method: "POST", body, headers: { ...type, ...headers } });
  }
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

export function headerOf(answer: Answer, name: string): string | undefined {
  return answer.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

function never(): never {
  throw new Error("this is an epoch");
}
