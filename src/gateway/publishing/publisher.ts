import type { Grants } from "../../auth/grants/grants.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import { isReservedTopic } from "../../hub/topics/reserved-topics.js";
import type { Publication, PublicationInput } from "../../hub/publications/publication.js";
import type { PublicationLimits } from "../../limits/publications.js";
import { parsePublication } from "../../hub/publications/publication.js";
import { hasForbiddenCharacter } from "../../hub/topics/topic.js";
import type { Ids } from "../../journal/answers.js";
import type { PublicationGroup } from "../../journal/journal.js";
import { mercurePath } from "../../protocol.js";
import type { GatewayRequest } from "../http/messages.js";
import { mayPublishOpenly } from "../access/open-publishing.js";
import type { NameValuePairs } from "../http/query.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Authenticator } from "../access/authenticator.js";
import { foreignNote } from "../access/credentials.js";

/** The publisher reads the options at each use, so that their values can change. */
export interface GatewayPublisherOptions {
  readonly authenticator: Authenticator;
  /** Begins the group of a request in the journal. The publisher gets the response after the commit. */
  readonly begin: (once?: string) => PublicationGroup;
  /** Undefined while the hub accepts publications; otherwise a promise that resolves when the hub may accept more. */
  readonly room: () => Promise<void> | undefined;
  readonly limits: PublicationLimits;
  readonly clock: Pick<Clock, "monotonic" | "endOfTurn">;
  /** True if programs on this machine may publish without a token. */
  readonly open: boolean;
  /** True while the hub stops. The journal ends with the hub, so new publications would be lost. @default never */
  readonly isStopping?: () => boolean;
}

/** The publisher of a request: the rights of its token, or `open` if no token is required. */
export type PublisherIdentity = Grants | "open";

/** Publishes for the HTTP resources of all protocols: checks the rights, checks the publication, and appends it. */
export class Publisher {
  readonly #options: GatewayPublisherOptions;
  /** The time for the publications of all requests in each turn. */
  readonly #budget: TurnBudget;

  constructor(options: GatewayPublisherOptions) {
    this.#options = options;
    this.#budget = new TurnBudget(options.clock);
  }

  /**
   * Identifies the publisher of a request. Call this method before you read the body.
   *
   * @throws PharosError `closed` while the hub stops; `unauthorized` without a token, unless `open` allows it;
   *   `insufficient-scope` if the token grants no topic; the errors of {@link Authenticator.publisher}
   */
  async publisher(request: GatewayRequest, older?: NameValuePairs): Promise<PublisherIdentity> {
    const identity = await this.identify(request, { older, what: "publishing" });
    if (identity !== "open" && !identity.mayPublish)
      throw new PharosError("insufficient-scope", "the token grants no right to publish");
    return identity;
  }

  /**
   * Identifies the sender of a request that changes something: as {@link publisher}, but the token need not grant the
   * right to publish.
   *
   * @param what names the request at the begin of a sentence, for the error message
   */
  async identify(
    request: GatewayRequest,
    { older, what }: { readonly older: NameValuePairs | undefined; readonly what: string },
  ): Promise<PublisherIdentity> {
    const { authenticator, open, isStopping } = this.#options;
    if (isStopping?.() === true)
      throw new PharosError("closed", "the server stops; try again soon", { retryAfterSeconds: 1 });
    const grants = await authenticator.publisher(request, older);
    if (grants !== undefined) return grants;
    const verdict = open && mayPublishOpenly(request);
    if (verdict === true) return "open";
    const reason =
      verdict === false ? {} : { reason: `${what} is open to programs of this machine, but ${verdict}` };
    throw new PharosError("unauthorized", `${what} needs a token${foreignNote(request)}`, reason);
  }

  /**
   * Checks topics as {@link accept} does. Resources call this method if they know the topics before they read the
   * body.
   *
   * @throws PharosError as {@link accept}
   */
  checkTopics(publisher: PublisherIdentity, topics: readonly string[]): void {
    this.#refuseReserved(publisher, topics);
    this.#checkScope(publisher, parsePublication({ topics, data: "" }, this.#options.limits));
  }

  /**
   * Checks a publication and the rights of its publisher.
   *
   * @throws PharosError `insufficient-scope` if a topic is not granted; `bad-topic` for a topic in the hub's own
   *   namespace, or `insufficient-scope` in the older protocol; the errors of `parsePublication`
   */
  accept(publisher: PublisherIdentity, input: PublicationInput): Publication {
    this.#refuseTooMany(publisher, input.topics);
    this.#refuseReserved(publisher, input.topics);
    const publication = parsePublication(input, this.#options.limits);
    this.#checkScope(publisher, publication);
    return publication;
  }

  /**
   * Publishes in order the publications that {@link accept} returned: all of them or none. Publishes nothing if the
   * iterable throws. The promise resolves with the event ids when all publications are stored. The method pauses between publications: a
   * thousand publications with a hundred topics each need many turns of the event loop. It also pauses at each item
   * that is undefined, which stands for a step on the way to the next publication.
   *
   * @param groupName the name of the group in the journal, from {@link PublishOnce}
   */
  async publish(publications: Iterable<Publication | undefined>, groupName?: string): Promise<Ids> {
    const all = await this.#budget.map(publications, (publication) => publication);
    const group = this.#options.begin(groupName);
    for (const publication of all) {
      if (publication === undefined) continue;
      // Without a reason to wait, an `await` would cost as much as to store the publication.
      for (let wait = this.#wait(); wait !== undefined; wait = this.#wait()) await wait;
      group.add(publication);
    }
    return group.commit();
  }

  /** Undefined while this turn has time and the hub accepts publications; else resolves when one of them may be true. */
  #wait(): Promise<void> | undefined {
    return this.#budget.pauseIfUsedUp() ?? this.#options.room();
  }

  /** Call this before you parse the topics: a body of 1 MiB can hold 100,000 topics. */
  #refuseTooMany(publisher: PublisherIdentity, topics: readonly string[]): void {
    const { topicsPerPublication } = this.#options.limits;
    if (topics.length <= topicsPerPublication) return;
    // The current form of the protocol requires status 413, the older form 400.
    const code = isOfOlderForm(publisher) ? "bad-topic" : "too-large";
    throw new PharosError(
      code,
      `a publication may have at most ${topicsPerPublication} topics, not ${topics.length}`,
    );
  }

  #refuseReserved(publisher: PublisherIdentity, topics: readonly string[]): void {
    const isOlder = isOfOlderForm(publisher);
    // In the older protocol the reserved path may not appear anywhere in a topic.
    const isReserved = (topic: string): boolean =>
      isTopic(topic) && (isReservedTopic(topic) || (isOlder && topic.includes(mercurePath)));
    const reserved = topics.find(isReserved);
    if (reserved === undefined) return;
    const code = isOlder ? "insufficient-scope" : "bad-topic";
    throw new PharosError(
      code,
      `the topic ${quoteValue(reserved)} is reserved: it is under the hub's own URL`,
    );
  }

  #checkScope(publisher: PublisherIdentity, { topics }: Publication): void {
    if (publisher === "open") return;
    // The body may have come long after the token was verified.
    this.#options.authenticator.checkRevoked(publisher);
    const granted = filterSetOf(publisher.publish);
    const refused = topics.find((topic) => !granted.matches(topic));
    if (refused === undefined) return;
    throw new PharosError(
      "insufficient-scope",
      `the token does not grant the right to publish to the topic ${quoteValue(refused)}`,
      { reason: `it does not grant publish for all of ${JSON.stringify(topics)}` },
    );
  }
}

/**
 * False for text that is not a valid topic. Check this before URL parsing, which could remove characters that a topic
 * must not have.
 */
function isTopic(text: string): boolean {
  return text !== "" && !hasForbiddenCharacter(text);
}

function isOfOlderForm(publisher: PublisherIdentity): boolean {
  return publisher !== "open" && publisher.form === "older";
}
