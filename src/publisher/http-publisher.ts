import { PharosError, type ErrorCode } from "../base/errors.js";
import type { Publication } from "../hub/publications/publication.js";
import { parseId, parseIds } from "./answers.js";
import { gather } from "./gather.js";
import { encodeForm, encodeLine, parseHttpPublication, type HttpPublication } from "./http-bodies.js";
import { parseHubUrl, type HubUrls } from "./hub-urls.js";
import { numbered, type NumberedOptions } from "./numbered.js";
import { post, type Posted } from "./post.js";

export interface HttpPublisherOptions {
  /** A bearer token, sent with each request. @default none */
  readonly token?: string | undefined;
  /** Milliseconds that one request may take, waiting for a hub that is not there included. @default 5000 */
  readonly timeoutMs?: number;
}

export interface PublishOptions {
  /**
   * Makes a repeat harmless: within the hub's window the same key is answered with the first id, and delivers nothing.
   * Only a Pharos hub knows it.
   */
  readonly idempotencyKey?: string | undefined;
}

/** What one batch may hold: as many as a hub takes, and a quarter of the largest body that one takes by default. */
const batchLimits = Object.freeze({ count: 1000, bytes: 256 * 1024 });

/** Calls that may wait for an earlier one: enough for any burst that is not a loop without `await`. */
const maxWaiting = 10_000;

const formType = "application/x-www-form-urlencoded";
const linesType = "application/x-ndjson";

/** Lines of JSON are not served where these are the answer, or not so many: 413, as a stock Mongrel2 says to 20 KB. */
const noLines: ReadonlySet<number> = new Set([404, 405, 413, 415]);

/** After these it is not worth while, or not safe, to send one by one what was sent in a batch. */
const final: ReadonlySet<ErrorCode> = new Set(["not-taken", "unreachable", "closed"]);

/**
 * Publishes to a Mercure hub over HTTP. One request is under way at a time, so publications have the order of the
 * calls. What only Pharos knows (`retain`, `idempotencyKey`, batches) goes to its `/publish`. A failure is told and
 * nothing is sent twice; the next call tries anew.
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
   * `url` is the hub's, `https://example.org/.well-known/mercure`, or only its origin.
   *
   * @throws PharosError `bad-endpoint`; `bad-config` for a token that no header can carry
   */
  constructor(url: string, { token, timeoutMs = 5000 }: HttpPublisherOptions = {}) {
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      throw new PharosError("bad-config", "a token has no spaces, line ends or characters beyond ASCII");
    this.#urls = parseHubUrl(url);
    this.#takesLines = this.#urls.lines !== undefined;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** The hub's URL. */
  get address(): string {
    return this.#urls.hub;
  }

  /**
   * Publishes, and resolves with the event id when the hub has taken it.
   *
   * @throws PharosError `refused` with the hub's reason; `unreachable`; `not-taken` when the hub is busy, or did not
   *   answer in time (then it may have taken it); `closed`; `too-large` when 10,000 calls wait already; and before
   *   anything is sent, what the hub would refuse it for
   */
  async publish(publication: HttpPublication, options: PublishOptions = {}): Promise<string> {
    const parsed = parseHttpPublication(publication);
    return this.#inTurn(() => this.#publish(parsed, options));
  }

  /**
   * Publishes all of it in one request, or nothing, and resolves with the event ids. Only a Pharos hub takes it.
   *
   * @throws PharosError as {@link publish}
   */
  async publishBatch(
    publications: readonly HttpPublication[],
    options: PublishOptions = {},
  ): Promise<readonly string[]> {
    const parsed = publications.map(parseHttpPublication);
    return this.#inTurn(() => this.#publishLines(parsed, options));
  }

  /**
   * Publishes each, in order, and resolves with their number. What the source yields while a request is under way goes
   * out together in the next, where the hub takes that. Stops at the first that is refused or not taken; those before
   * it are published.
   *
   * @throws PharosError as {@link publish}, with the publication's number in front
   */
  async publishAll(
    publications: AsyncIterable<HttpPublication> | Iterable<HttpPublication>,
    options: NumberedOptions = {},
  ): Promise<number> {
    let count = 0;
    const sizeOf = (publication: HttpPublication): number =>
      Buffer.byteLength(JSON.stringify(publication)) + 1;
    for await (const batch of gather(publications, { ...batchLimits, sizeOf }))
      count += await this.#publishGathered(batch, count, options);
    return count;
  }

  /** Takes nothing more, and resolves when the calls up to now are done. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  async #publishGathered(
    batch: readonly HttpPublication[],
    before: number,
    options: NumberedOptions,
  ): Promise<number> {
    let number = before + 1;
    try {
      if (batch.length > 1 && this.#takesLines && (await this.#tookAll(batch))) return batch.length;
      for (const publication of batch) {
        await this.publish(publication);
        number += 1;
      }
    } catch (error) {
      throw numbered(error, number, options);
    }
    return batch.length;
  }

  /** False when nothing of it was published, because of one of them, or because the hub takes no batches. */
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
    if (publication.retain || options.idempotencyKey !== undefined) {
      const [id = ""] = await this.#publishLines([publication], options);
      return id;
    }
    const { hub } = this.#urls;
    const answer = await this.#post({ url: hub, type: formType, body: encodeForm(publication) });
    return parseId(answer);
  }

  async #publishLines(
    publications: readonly Publication[],
    options: PublishOptions,
  ): Promise<readonly string[]> {
    const { lines: url } = this.#urls;
    if (url === undefined)
      throw new PharosError("refused", "only a hub whose URL ends in /.well-known/mercure is asked for that");
    const body = publications.map((publication) => `${encodeLine(publication)}\n`).join("");
    const answer = await this.#post({ url, type: linesType, body, ...options });
    if (noLines.has(answer.status)) this.#takesLines = false;
    return parseIds(answer, publications.length);
  }

  #post(request: {
    readonly url: string;
    readonly type: string;
    readonly body: string;
    readonly idempotencyKey?: string | undefined;
  }): Promise<Posted> {
    return post({ ...request, token: this.#token, timeoutMs: this.#timeoutMs });
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
