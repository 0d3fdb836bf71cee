import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import type { FilterLimits } from "../../hub/filters/filter-limits.js";
import { Networks, clientAddress } from "../http/client-address.js";
import type { ClientAddress } from "../http/client-address.js";
import { FilterQuota } from "./filter-quota.js";
import type { GatewayRequest } from "../http/messages.js";
import { RateLimit } from "./rate-limit.js";
import { Counter } from "./counter.js";

/** What one address may have. */
export interface AddressRules {
  /** Streams at a time. */
  readonly streams: number;
  /** Requests to publish in a second. */
  readonly publishesPerSecond: number;
  /**
   * Other requests in a second. At once it may be twice its streams: when all of them are lost, each client comes back at
   * once, and a second time when that is lost too. From then on it waits for the reconnection time. A browser that is
   * refused never comes back by itself [HTML 9.2.3], so this is no means to slow down honest clients: 10,000 of them behind
   * one local proxy are 10,000 of 30,000 at once, and 2,000 of 10,000 a second while they find no hub every 5 s.
   */
  readonly requestsPerSecond: number;
  /** What the filters of its streams may be. @default whatever the hub holds */
  readonly filters?: FilterLimits;
}

export interface ClientLimitsOptions {
  /** Addresses and networks of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** For addresses that belong to one client, or to a few behind one router. */
  readonly each: AddressRules;
  /** For local ones, behind which a proxy may hide everybody. */
  readonly eachLocal: AddressRules;
  readonly clock: Clock;
}

/** A stream's place is free again when any other of the address ends, which nobody can foretell. */
const streamRetrySeconds = 10;

/** Beside its streams an address has as many connections again, at least this many: for pages, and for being refused. */
const leastOthers = 100;

/** Says who the client of a request is, and what it may still have. */
export class ClientLimits {
  readonly #options: ClientLimitsOptions;
  readonly #proxies: Networks;
  readonly #streams = new Counter();
  readonly #filters = new FilterQuota();
  readonly #connections = new Counter();
  readonly #publishes: RateLimit;
  readonly #localPublishes: RateLimit;
  readonly #requests: RateLimit;
  readonly #localRequests: RateLimit;

  /** Throws for a trusted proxy that is neither an address nor a network. */
  constructor(options: ClientLimitsOptions) {
    const { each, eachLocal, clock } = options;
    this.#options = options;
    this.#proxies = new Networks(options.trustedProxies);
    this.#publishes = new RateLimit({ perSecond: each.publishesPerSecond, clock });
    this.#localPublishes = new RateLimit({ perSecond: eachLocal.publishesPerSecond, clock });
    this.#requests = requestRate(each, clock);
    this.#localRequests = requestRate(eachLocal, clock);
  }

  clientOf(request: GatewayRequest): ClientAddress {
    const forwardedFor = request.header("x-forwarded-for");
    return clientAddress({ peer: request.peer, forwardedFor }, this.#proxies);
  }

  /**
   * Lets a stream in. What it returns is to be called when the stream is opened, and what that returns when it has ended.
   *
   * @param held the filters that it holds for all of that time; of a stream that may drop them none, for which
   *   {@link holdFilters} is to be called as it opens
   * @throws PharosError `too-many-streams` when its address has as many as it may, `too-many-patterns` when with these
   *   filters it would hold more than its share of those that cost everybody something
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
        `the address ${address} has ${streams} streams open already`,
        { retryAfterSeconds: streamRetrySeconds },
      );
    const share = this.#shareOf(client, filters);
    return () => this.#count(key, share === undefined ? [] : held);
  }

  /**
   * Lets a stream follow these as long as it likes. What it returns is to be called for each of them once, when the
   * stream has it no more.
   *
   * @param replaced what the stream held till now, and gives back with this; it holds them still when it is refused
   * @throws PharosError `too-many-patterns` as {@link admitStream}
   */
  holdFilters(
    request: GatewayRequest,
    filters: readonly TopicFilter[],
    replaced: readonly TopicFilter[] = [],
  ): (filter: TopicFilter) => void {
    const client = this.clientOf(request);
    if (this.#rulesFor(client).filters === undefined) return () => undefined;
    // Each by itself, as each is given back.
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
   * Lets a connection in that has asked for nothing yet; undefined when its peer has as many as it may. What it returns
   * is to be called when the connection has ended. A crowd of connections that ask for nothing would keep others out.
   */
  admitConnection(peer: string | undefined): (() => void) | undefined {
    const client = clientAddress({ peer, forwardedFor: undefined }, this.#proxies);
    const { key } = client;
    const { streams } = this.#rulesFor(client);
    if (this.#connections.of(key) >= streams + Math.max(streams, leastOthers)) return undefined;
    this.#connections.add(key);
    return () => this.#connections.remove(key);
  }

  /**
   * Lets a request to publish in. Ask before anything that costs more than this: before its token is verified.
   *
   * @throws PharosError `too-many-requests` when its address has had its share of this second
   */
  admitPublish(request: GatewayRequest): void {
    this.#take(request, { each: this.#publishes, eachLocal: this.#localPublishes, what: "publishes" });
  }

  /**
   * Lets any other request in: for a stream, whether it is then opened or refused, or for anything else that is served.
   *
   * @throws PharosError `too-many-requests` when its address has had its share
   */
  admitRequest(request: GatewayRequest): void {
    this.#take(request, { each: this.#requests, eachLocal: this.#localRequests, what: "asks" });
  }

  /** What a client's filters may be; undefined for whatever they are. Throws when they would be more with these. */
  #shareOf(client: ClientAddress, filters: readonly TopicFilter[]): FilterLimits | undefined {
    const { address, key } = client;
    const { filters: share } = this.#rulesFor(client);
    const excess = share === undefined ? undefined : this.#filters.excessOf(key, filters, share);
    if (excess === undefined) return share;
    throw new PharosError("too-many-patterns", `the streams of the address ${address} hold ${excess}`, {
      retryAfterSeconds: streamRetrySeconds,
    });
  }

  #rulesFor({ isLocal }: ClientAddress): AddressRules {
    return isLocal ? this.#options.eachLocal : this.#options.each;
  }

  #take(request: GatewayRequest, rate: { each: RateLimit; eachLocal: RateLimit; what: string }): void {
    const { address, key, isLocal } = this.clientOf(request);
    const waitMs = (isLocal ? rate.eachLocal : rate.each).take(key);
    if (waitMs === 0) return;
    throw new PharosError("too-many-requests", `the address ${address} ${rate.what} more often than it may`, {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
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

function requestRate({ requestsPerSecond, streams }: AddressRules, clock: Clock): RateLimit {
  return new RateLimit({
    perSecond: requestsPerSecond,
    burst: Math.max(requestsPerSecond, 2 * streams),
    clock,
  });
}
