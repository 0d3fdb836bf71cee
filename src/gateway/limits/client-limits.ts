import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { rememberLast } from "../../base/live/remember-last.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import type { FilterLimits } from "../../hub/filters/filter-limits.js";
import { Networks, clientAddress } from "../http/client-address.js";
import type { ClientAddress } from "../http/client-address.js";
import { FilterQuota } from "./filter-quota.js";
import type { GatewayRequest } from "../http/messages.js";
import { RateLimit } from "./rate-limit.js";
import type { Rate } from "./rate-limit.js";
import { Counter } from "./counter.js";

/** The limits of one client address. */
export interface AddressRules {
  /** Open streams. */
  readonly streams: number;
  /** Requests to publish per second. */
  readonly publishesPerSecond: number;
  /**
   * Other requests per second. The allowed burst is the larger of this number and twice the number of streams. When
   * all streams of an address are lost, each client reconnects at once. If that fails, the client tries once more,
   * and then waits for the reconnection time. A browser never reconnects by itself after an error response [HTML
   * 9.2.3], so the limit must not block honest clients. A group of 10,000 clients behind one local proxy sends 10,000
   * requests at once (30,000 are allowed). While the hub is down, each client retries every 5 s: 2,000 requests per
   * second (10,000 are allowed).
   */
  readonly requestsPerSecond: number;
  /** The limits for the filters of one address. @default only the limits for the whole hub */
  readonly filters?: FilterLimits;
}

/** The limits read the options at each use, so that their values can change. */
export interface ClientLimitsOptions {
  /** Addresses and networks of proxies whose `x-forwarded-for` is trusted. */
  readonly trustedProxies: readonly string[];
  /** The limits of an address that belongs to one client, or to a few clients behind one router. */
  readonly each: AddressRules;
  /** The limits of a local address. A proxy at such an address may forward the requests of all clients. */
  readonly eachLocal: AddressRules;
  readonly clock: Clock;
}

/** An estimate: the hub accepts the next stream when another stream of the address ends. */
const streamRetrySeconds = 10;

/**
 * An address may have as many other connections as streams, but at least this many. Such connections serve pages and
 * error responses.
 */
const leastOtherConnections = 100;

/** A limit per second, with its description for the error message. */
interface AddressRate {
  readonly each: RateLimit;
  readonly eachLocal: RateLimit;
  limit(rules: AddressRules): string;
}

/** Finds the client of each request, and applies the limits of each client address. */
export class ClientLimits {
  readonly #options: ClientLimitsOptions;
  readonly #networksOf = rememberLast((networks: readonly string[]) => new Networks(networks));
  readonly #streams = new Counter();
  readonly #filters = new FilterQuota();
  /** The clients of streams that hold filters. A stream counts for the same client until it ends. */
  readonly #holders = new WeakMap<GatewayRequest, ClientAddress>();
  readonly #connections = new Counter();
  readonly #publishes: RateLimit;
  readonly #localPublishes: RateLimit;
  readonly #requests: RateLimit;
  readonly #localRequests: RateLimit;

  constructor(options: ClientLimitsOptions) {
    const { clock } = options;
    const each = (): AddressRules => options.each;
    const eachLocal = (): AddressRules => options.eachLocal;
    this.#options = options;
    this.#publishes = publishRate(each, clock);
    this.#localPublishes = publishRate(eachLocal, clock);
    this.#requests = requestRate(each, clock);
    this.#localRequests = requestRate(eachLocal, clock);
  }

  /** The number of addresses with a connection, a stream or filters. */
  get addresses(): number {
    const addresses = new Set<string>();
    for (const counted of [this.#connections, this.#streams, this.#filters])
      for (const address of counted.keys()) addresses.add(address);
    return addresses.size;
  }

  clientOf(request: GatewayRequest): ClientAddress {
    const forwardedFor = request.header("x-forwarded-for");
    return clientAddress({ peer: request.peer, forwardedFor }, this.#proxies);
  }

  /**
   * Checks the limits for a new stream. Call the result when the stream opens. The result returns a second function,
   * which you call when the stream ends.
   *
   * @param held the filters to count until the stream ends. Pass none for a stream that may drop filters, and call
   *   {@link holdFilters} when the stream opens
   * @throws PharosError `too-many-streams` if the address has as many streams as allowed, `too-many-patterns` if the
   *   filters would exceed its share
   */
  admitStream(
    request: GatewayRequest,
    filters: readonly TopicFilter[] = [],
    held: readonly TopicFilter[] = filters,
  ): () => () => void {
    const client = this.clientOf(request);
    const { address, key } = client;
    const { streams } = this.#rulesFor(client);
    if (this.#streams.of(key) >= streams)
      throw new PharosError(
        "too-many-streams",
        `the address ${address} has ${streams} streams open; more are not allowed`,
        { retryAfterSeconds: streamRetrySeconds },
      );
    const share = this.#shareOf(client, filters);
    return () => this.#count(key, share === undefined ? [] : held);
  }

  /**
   * Counts filters of an open stream. Call the result once for each filter: when the stream drops the filter, or
   * ends.
   *
   * @param replaced filters that the stream drops in exchange; these filters stay counted if the method throws
   * @throws PharosError `too-many-patterns` as {@link admitStream}
   */
  holdFilters(
    request: GatewayRequest,
    filters: readonly TopicFilter[],
    replaced: readonly TopicFilter[] = [],
  ): (filter: TopicFilter) => void {
    const client = this.#holderOf(request);
    if (this.#rulesFor(client).filters === undefined) return () => undefined;
    // The loop removes the filters one by one, in the same way as streams release filters.
    for (const filter of replaced) this.#filters.remove(client.key, [filter]);
    try {
      this.#shareOf(client, filters);
    } catch (error) {
      for (const filter of replaced) this.#filters.add(client.key, [filter]);
      throw error;
    }
    for (const filter of filters) this.#filters.add(client.key, [filter]);
    return (filter) => this.#filters.remove(client.key, [filter]);
  }

  /**
   * Counts a new connection; returns undefined if its peer has reached the limit. Call the result when the connection
   * ends. Without this limit, one client could use up the file descriptors with connections that send no request.
   */
  admitConnection(peer: string | undefined): (() => void) | undefined {
    const client = clientAddress({ peer, forwardedFor: undefined }, this.#proxies);
    const { key } = client;
    const { streams } = this.#rulesFor(client);
    if (this.#connections.of(key) >= streams + Math.max(streams, leastOtherConnections)) return undefined;
    this.#connections.add(key);
    return () => this.#connections.remove(key);
  }

  /**
   * Counts a request to publish. Call this method before the hub verifies the token, since the verification costs
   * more CPU.
   *
   * @throws PharosError `too-many-requests` if the address publishes more often than allowed
   */
  admitPublish(request: GatewayRequest): void {
    this.#checkRate(request, {
      each: this.#publishes,
      eachLocal: this.#localPublishes,
      limit: ({ publishesPerSecond }) => `publish ${publishesPerSecond} times`,
    });
  }

  /**
   * Counts any other request, even if the hub then rejects its stream.
   *
   * @throws PharosError `too-many-requests` if the address sends requests more often than allowed
   */
  admitRequest(request: GatewayRequest): void {
    this.#checkRate(request, {
      each: this.#requests,
      eachLocal: this.#localRequests,
      limit: ({ requestsPerSecond }) => `send ${requestsPerSecond} requests`,
    });
  }

  /**
   * The limits for a client's filters; undefined if there are none. Throws if these additional filters exceed the
   * limits.
   */
  #shareOf(client: ClientAddress, filters: readonly TopicFilter[]): FilterLimits | undefined {
    const { address, key } = client;
    const { filters: share } = this.#rulesFor(client);
    const excess = share === undefined ? undefined : this.#filters.excessOf(key, filters, share);
    if (excess === undefined) return share;
    throw new PharosError(
      "too-many-patterns",
      `the streams of the address ${address} would exceed the limit of ${excess}`,
      {
        retryAfterSeconds: streamRetrySeconds,
      },
    );
  }

  /** With other trusted proxies, {@link clientOf} may find another client for the request of an open stream. */
  #holderOf(request: GatewayRequest): ClientAddress {
    const client = this.#holders.get(request) ?? this.clientOf(request);
    this.#holders.set(request, client);
    return client;
  }

  get #proxies(): Networks {
    return this.#networksOf(this.#options.trustedProxies);
  }

  #rulesFor({ isLocal }: ClientAddress): AddressRules {
    return isLocal ? this.#options.eachLocal : this.#options.each;
  }

  #checkRate(request: GatewayRequest, rate: AddressRate): void {
    const client = this.clientOf(request);
    const { address, key, isLocal } = client;
    const waitMs = (isLocal ? rate.eachLocal : rate.each).take(key);
    if (waitMs === 0) return;
    throw new PharosError(
      "too-many-requests",
      `the address ${address} may ${rate.limit(this.#rulesFor(client))} per second at most`,
      {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      },
    );
  }

  #count(key: string, filters: readonly TopicFilter[]): () => void {
    this.#streams.add(key);
    this.#filters.add(key, filters);
    return () => {
      this.#streams.remove(key);
      this.#filters.remove(key, filters);
    };
  }
}

function publishRate(rules: () => AddressRules, clock: Clock): RateLimit {
  return new RateLimit({ rate: () => ({ perSecond: rules().publishesPerSecond }), clock });
}

function requestRate(rules: () => AddressRules, clock: Clock): RateLimit {
  const rate = (): Rate => {
    const { requestsPerSecond, streams } = rules();
    return { perSecond: requestsPerSecond, burst: Math.max(requestsPerSecond, 2 * streams) };
  };
  return new RateLimit({ rate, clock });
}
