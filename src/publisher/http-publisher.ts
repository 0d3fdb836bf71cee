import { randomUUID } from "node:crypto";
import { PharosError, type ErrorCode } from "../base/errors.js";
import { quoteValue } from "../base/quote-value.js";
import type { Publication } from "../hub/publications/publication.js";
import { parseId, parseIds } from "./answers.js";
import { checkNames, checkNumber, checkPublishOptions, checkSource } from "./check-arguments.js";
import { gather } from "./gather.js";
import { encodeForm, encodeLine, parseHttpPublication, type HttpPublication } from "./http-bodies.js";
import { parseHubUrl, type HubUrls } from "./hub-urls.js";
import { numbered, type PublishAllOptions } from "./numbered.js";
import { post, type Posted } from "./post.js";

export interface HttpPublisherOptions {
  /** A bearer token, sent with each request. @default none */
  readonly token?: string | undefined;
  /** The time-out of one request in milliseconds, including the wait for a hub that is down. @default 5000 */
  readonly timeoutMs?: number;
}

export interface PublishOptions {
  /**
   * Makes a repeated call safe: if the hub already knows the key, it returns the event id of the first request and
   * publishes nothing. Only a Pharos hub supports this option. @default a new key for each call
   */
  readonly idempotencyKey?: string | undefined;
}

/**
 * Limits of one batch: the number of publications that a hub accepts, and a quarter of the hub's default body limit.
 */
const batchLimits = Object.freeze({ count: 1000, bytes: 256 * 1024 });

/** The maximum number of waiting calls. Only a loop without `await` exceeds this limit. */
const maxWaiting = 10_000;

const formType = "application/x-www-form-urlencoded";
const linesType = "application/x-ndjson";

/**
 * These statuses mean that the server does not accept lines of JSON, or that the batch is too large for the server. For
 * example, Mongrel2 with its default settings answers 413 above 20 KB.
 */
const noLines: ReadonlySet<number> = new Set([404, 405, 413, 415]);

/**
 * If a batch fails with one of these errors, the publisher does not send its publications again one by one: another
 * request would be useless or unsafe.
 */
const final: ReadonlySet<ErrorCode> = new Set(["not-taken", "unreachable", "closed"]);

/**
 * Publishes to a Mercure hub over HTTP. The publisher sends one request at a time, so the order of the publications is
 * the order of the calls. Features that only Pharos has (`retain`, `ttl`, `idempotencyKey`, batches) use the path `/publish`.
 * While the hub restarts or is busy, the publisher repeats the request until the time-out. Each request has a key, so a
 * Pharos hub publishes it once. If it is unknown whether another hub has published, the call rejects. The next call is
 * not affected.
 */
export class HttpPublisher {
  readonly #urls: HubUrls;
  readonly #token: string | undefined;
  readonly #timeoutMs: number;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  #takesLines: boolean;

  /**
   * `url` is the URL of the hub, `https://example.org/.well-known/mercure`, or only the origin of this URL.
   *
   * @throws PharosError `bad-endpoint`; `bad-config` for a token with characters that a header must not contain
   */
  constructor(url: string, options: HttpPublisherOptions = {}) {
    checkNames(options, { what: "options", names: ["token", "timeoutMs"], code: "bad-config" });
    const { token, timeoutMs = 5000 } = options;
    checkNumber("timeoutMs", timeoutMs, 1);
    if (token !== undefined && !(typeof token === "string" && /^[\x21-\x7e]+$/.test(token)))
      throw new PharosError(
        "bad-config",
        "a token must be a text without spaces, line ends or non-ASCII characters",
      );
    this.#urls = parseHubUrl(url);
    this.#takesLines = this.#urls.lines !== undefined;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** The URL of the hub. */
  get address(): string {
    return this.#urls.hub;
  }

  /**
   * Publishes, and resolves with the event id when the hub has accepted the publication.
   *
   * @throws PharosError `refused` with the hub's reason; `unreachable`; `closed`; `bad-config` for a wrong option
   * @throws PharosError `not-taken` when the hub is busy, or did not answer in time (then the outcome is unknown)
   * @throws PharosError `too-large` when 10,000 calls already wait; the code of a validation error, before anything is
   *   sent
   */
  async publish(publication: HttpPublication, options: PublishOptions = {}): Promise<string> {
    checkPublishOptions(options);
    const parsed = parseHttpPublication(publication);
    return this.#inTurn(() => this.#publish(parsed, options));
  }

  /**
   * Publishes all publications or none, in one request, and resolves with the event ids. Only a Pharos hub supports
   * batches.
   *
   * @throws PharosError as {@link publish}
   */
  async publishBatch(
    publications: readonly HttpPublication[],
    options: PublishOptions = {},
  ): Promise<readonly string[]> {
    checkPublishOptions(options);
    if (!Array.isArray(publications))
      throw new PharosError(
        "bad-publication",
        `publishBatch needs a list of publications, not ${quoteValue(publications)}`,
      );
    const parsed = publications.map(parseHttpPublication);
    return this.#inTurn(() => this.#publishLines(parsed, options));
  }

  /**
   * Publishes all items of the source in order, and resolves with the number of items. If the hub supports batches, the
   * next request contains all items that arrived during the previous request. The method stops at the first failure;
   * the hub has then published the items before the failure.
   *
   * @throws PharosError as {@link publish}, with the publication's number at the start of the message
   */
  async publishAll(
    publications: AsyncIterable<HttpPublication> | Iterable<HttpPublication>,
    options: PublishAllOptions = {},
  ): Promise<number> {
    checkSource(publications, options);
    let count = 0;
    for await (const batch of gather(publications, { ...batchLimits, sizeOf })) {
      count += await this.#publishGathered(batch, count, options);
      options.onPublished?.(count);
    }
    return count;
  }

  /** Accepts no more calls, and resolves when the earlier calls are complete. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  async #publishGathered(
    batch: readonly HttpPublication[],
    before: number,
    options: PublishAllOptions,
  ): Promise<number> {
    let number = before + 1;
    try {
      if (batch.length > 1 && this.#takesLines && (await this.#tookAll(batch))) return batch.length;
      for (const publication of batch) {
        await this.publish(publication);
        options.onPublished?.(number);
        number += 1;
      }
    } catch (error) {
      throw numbered(error, number, options);
    }
    return batch.length;
  }

  /**
   * Publishes a batch. Returns false if nothing was published, because one item was refused or the hub supports no
   * batches.
   */
  async #tookAll(batch: readonly HttpPublication[]): Promise<boolean> {
    try {
      await this.publishBatch(batch);
      return true;
    } catch (error) {
      if (error instanceof PharosError && !final.has(error.code)) return false;
      throw error;
    }
  }

  async #publish(publication: Publication, options: PublishOptions): Promise<string> {
    const { retain, ttlSeconds } = publication;
    if (retain || ttlSeconds !== undefined || options.idempotencyKey !== undefined) {
      const [id = ""] = await this.#publishLines([publication], options);
      return id;
    }
    const { hub } = this.#urls;
    const answer = await this.#post({ url: hub, type: formType, body: encodeForm(publication) }, options);
    return parseId(answer);
  }

  async #publishLines(
    publications: readonly Publication[],
    options: PublishOptions,
  ): Promise<readonly string[]> {
    const { lines: url } = this.#urls;
    if (url === undefined)
      throw new PharosError(
        "refused",
        "retain, ttl, an idempotency key and a batch need a Pharos hub, with a URL that ends in /.well-known/mercure",
      );
    const body = publications.map((publication) => `${encodeLine(publication)}\n`).join("");
    const answer = await this.#post({ url, type: linesType, body }, options);
    if (noLines.has(answer.status)) this.#takesLines = false;
    return parseIds(answer, publications.length);
  }

  /** Without a key of the caller, each call has a key of its own, so that a request can be sent again. */
  #post(
    request: { readonly url: string; readonly type: string; readonly body: string },
    { idempotencyKey = randomUUID() }: PublishOptions,
  ): Promise<Posted> {
    const isRepeatable = request.url === this.#urls.lines;
    return post({ ...request, idempotencyKey, isRepeatable, token: this.#token, timeoutMs: this.#timeoutMs });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new PharosError("closed", "the publisher is closed");
    if (this.#waiting >= maxWaiting)
      throw new PharosError("too-large", `${maxWaiting} publications already wait; await each call`);
    this.#waiting += 1;
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined).finally(() => (this.#waiting -= 1));
    return done;
  }
}

/** About the bytes of a publication; 0 for a value without JSON, which {@link HttpPublisher.publish} refuses. */
function sizeOf(publication: HttpPublication): number {
  try {
    return Buffer.byteLength(JSON.stringify(publication)) + 1;
  } catch {
    return 0;
  }
}
