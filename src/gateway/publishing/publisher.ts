import type { Grants } from "../../auth/grants/grants.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import { isReservedTopic } from "../../hub/topics/reserved-topics.js";
import type { Publication, PublicationInput } from "../../hub/publications/publication.js";
import type { PublicationLimits } from "../../limits/publications.js";
import { parsePublication } from "../../hub/publications/publication.js";
import { hasForbiddenCharacter } from "../../hub/topics/topic.js";
import type { Receipt } from "../../journal/journal.js";
import { mercurePath } from "../../protocol.js";
import type { GatewayRequest } from "../http/messages.js";
import { mayPublishOpenly } from "../access/open-publishing.js";
import type { NameValuePairs } from "../http/query.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Authenticator } from "../access/authenticator.js";

export interface GatewayPublisherOptions {
  readonly authenticator: Authenticator;
  /** Takes publications; the answer to the publisher waits for it. */
  readonly append: (publication: Publication) => Receipt | Promise<Receipt>;
  /** Undefined while there is room, else a promise that resolves when there may be. */
  readonly room: () => Promise<void> | undefined;
  readonly limits: PublicationLimits;
  readonly clock: Pick<Clock, "monotonic" | "endOfTurn">;
  /** True when programs of this machine may publish without a token. */
  readonly open: boolean;
  /** True when the hub stops: what it took now would be lost with its journal. @default never */
  readonly isStopping?: () => boolean;
}

/** Who publishes: what its token allows, or `open` for whoever needs none. */
export type PublisherIdentity = Grants | "open";

/** What every way to publish over HTTP has in common: who may, what is valid, and when it is answered. */
export class Publisher {
  readonly #options: GatewayPublisherOptions;

  constructor(options: GatewayPublisherOptions) {
    this.#options = options;
  }

  /**
   * Who sends this request; to be asked before its body is read.
   *
   * @throws PharosError `closed` when the hub stops; `unauthorized` without a token, unless `open` allows it;
   *   `insufficient-scope` when the token allows to publish nothing; else as {@link Authenticator.publisher}
   */
  async publisher(request: GatewayRequest, older?: NameValuePairs): Promise<PublisherIdentity> {
    const { authenticator, open, isStopping } = this.#options;
    if (isStopping?.() === true)
      throw new PharosError("closed", "the server stops; try again soon", { retryAfterSeconds: 1 });
    const grants = await authenticator.publisher(request, older);
    if (grants?.mayPublish === false)
      throw new PharosError("insufficient-scope", "the token does not allow to publish");
    if (grants !== undefined) return grants;
    const verdict = open && mayPublishOpenly(request);
    if (verdict === true) return "open";
    const reason = verdict === false ? {} : { reason: `open to programs of this machine, but ${verdict}` };
    throw new PharosError("unauthorized", "publishing needs a token", reason);
  }

  /**
   * Refuses these topics as {@link publish} would, for a way in that knows them before it reads the rest.
   *
   * @throws PharosError as {@link accept}
   */
  checkTopics(publisher: PublisherIdentity, topics: readonly string[]): void {
    this.#refuseReserved(publisher, topics);
    this.#checkScope(publisher, parsePublication({ topics, data: "" }, this.#options.limits));
  }

  /**
   * What is to be published, valid and allowed.
   *
   * @throws PharosError `insufficient-scope` when a topic is not granted; `bad-topic` for one in the hub's own
   *   namespace, which hubs of the older protocol call `insufficient-scope` too; else as `parsePublication`
   */
  accept(publisher: PublisherIdentity, input: PublicationInput): Publication {
    this.#refuseTooMany(publisher, input.topics);
    this.#refuseReserved(publisher, input.topics);
    const publication = parsePublication(input, this.#options.limits);
    this.#checkScope(publisher, publication);
    return publication;
  }

  /**
   * Publishes all of what {@link accept} gave, in order, or nothing, when an error comes from the iterable; resolves with
   * the event ids when each has its position. A thousand with a hundred topics each take many turns of the event loop.
   */
  async publish(publications: Iterable<Publication>): Promise<readonly string[]> {
    const { append, room, clock } = this.#options;
    const budget = new TurnBudget(clock);
    budget.start();
    const all: Publication[] = [];
    for (const publication of publications) {
      all.push(publication);
      await budget.pauseIfUsedUp();
    }
    const receipts: Promise<Receipt>[] = [];
    for (const publication of all) {
      await room();
      const receipt = append(publication);
      // It may fail before it is awaited below, which Node would take for a rejection that nobody handles.
      if (receipt instanceof Promise) receipt.catch(() => undefined);
      receipts.push(Promise.resolve(receipt));
      await budget.pauseIfUsedUp();
    }
    return (await Promise.all(receipts)).map(({ id }) => id);
  }

  /** Before one of them is looked at: a body of 1 MiB can hold 100,000. */
  #refuseTooMany(publisher: PublisherIdentity, topics: readonly string[]): void {
    const { topicsPerPublication } = this.#options.limits;
    if (topics.length <= topicsPerPublication) return;
    // 413 in the current form, 400 in the older one.
    const code = isOfOlderForm(publisher) ? "bad-topic" : "too-large";
    throw new PharosError(code, `a publication may have at most ${topicsPerPublication} topics`);
  }

  #refuseReserved(publisher: PublisherIdentity, topics: readonly string[]): void {
    const isOlder = isOfOlderForm(publisher);
    // Hubs of the older protocol look for the path anywhere in a topic.
    const isReserved = (topic: string): boolean =>
      isTopic(topic) && (isReservedTopic(topic) || (isOlder && topic.includes(mercurePath)));
    if (!topics.some(isReserved)) return;
    const code = isOlder ? "insufficient-scope" : "bad-topic";
    throw new PharosError(code, "topics under the hub's own URL are reserved");
  }

  #checkScope(publisher: PublisherIdentity, { topics }: Publication): void {
    if (publisher === "open") return;
    const granted = filterSetOf(publisher.publish);
    if (topics.every((topic) => granted.matches(topic))) return;
    throw new PharosError(
      "insufficient-scope",
      "the token does not allow to publish to all of these topics",
      { reason: `it does not grant publish for all of ${JSON.stringify(topics)}` },
    );
  }
}

/** What is none is refused for that, though the URL parser may drop what makes it none. */
function isTopic(text: string): boolean {
  return text !== "" && !hasForbiddenCharacter(text);
}

function isOfOlderForm(publisher: PublisherIdentity): boolean {
  return publisher !== "open" && publisher.form === "older";
}
