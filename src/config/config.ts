import type { LogLevel } from "../base/log.js";
import type { TokenIssuer } from "./tokens.js";

/** Everything that can be set, parsed and complete. Frozen in depth; {@link loadConfig} is the only maker. */
export interface Config {
  /** Where the built-in front listens, or that there is none. Port 0 takes a free one. */
  readonly http: HttpAddress | "off";
  /** How many processes hold the connections of the built-in front; 0: the hub's own does. */
  readonly workers: number;
  /** The Mongrel2 servers to serve behind. */
  readonly mongrel2: readonly Mongrel2Specs[];
  /** PULL endpoints for publishers, each with its optional `@` (bind, also the meaning of none) or `>` (connect). */
  readonly ingest: readonly string[];
  /** A file of CURVE keys for those that other machines can reach; absent when there are none. */
  readonly ingestCurve?: string | undefined;
  /** An ipc endpoint on which the message `shutdown` stops the hub in order. */
  readonly control?: string;
  /** Seconds between two beacon publications; absent when there is no beacon. */
  readonly beaconSeconds?: number;
  /** Where metrics and status are served, or that they are not. */
  readonly admin: AdminAddress | "off";
  /** Whoever presents it may read them from anywhere; absent: programs on this machine may. */
  readonly adminToken?: string;
  /** Proxies whose `x-forwarded-for` is believed: addresses, or networks in CIDR form. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may read streams; exact, in the form that browsers send. */
  readonly corsOrigins: readonly string[];
  /** The hub's own URL as clients know it, its path included. */
  readonly publicUrl: string;
  /** True when streams of what is not private need no token. */
  readonly anonymous: boolean;
  /** True when programs of this machine may publish over HTTP without a token. */
  readonly open: boolean;
  /** True when positions hide how many publications there have been. */
  readonly opaqueIds: boolean;
  /** True when streams without a token are compressed for clients that accept it. */
  readonly compress: boolean;
  /** True when those with a token are too. */
  readonly compressPrivate: boolean;
  /** True when those who may can see who is subscribed to what, and are told of each that comes and goes. */
  readonly subscriptions: boolean;
  /** What the paths of the nginx push stream module's URL scheme begin with, empty or a path; or that they are not served. */
  readonly pushStream: { readonly prefix: string } | "off";
  /** Origins whose pages may publish with a cookie; `*` is all of them. */
  readonly publishOrigins: readonly string[];
  /** Whose tokens are accepted; empty where no key is configured. */
  readonly tokens: readonly TokenIssuer[];
  /** The most connection ids in one message to Mongrel2. */
  readonly targets: number;
  /** Seconds between two keep-alive control messages to Mongrel2; 0 sends none. */
  readonly keepAliveSeconds: number;
  /** Seconds of silence after which a stream gets a heartbeat. */
  readonly heartbeatSeconds: number;
  /** How long browsers wait before they reconnect, in milliseconds. */
  readonly retryMs: number;
  /** The folder for the records of open streams; absent when none are kept. */
  readonly stateDir?: string;
  readonly logLevel: LogLevel;
  readonly limits: Limits;
}

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

export interface AdminAddress extends HttpAddress {
  /** True when nobody asked for it: a port that is taken is then no failure. */
  readonly isDefault: boolean;
}

/** The endpoints of one Mongrel2 server, named as in its configuration; the hub connects to each. */
export interface Mongrel2Specs {
  readonly send: string;
  readonly recv: string;
  /** The server's control port, without which orphaned streams are not found. */
  readonly control?: string;
}

/** Bounds of everything that can grow. What each means, and its arithmetic, stands in `limits.ts`. */
export interface Limits {
  readonly history: {
    readonly topicEvents: number;
    readonly topicBytes: number;
    readonly sharedBytes: number;
    readonly ageSeconds: number;
    readonly bytes: number;
    readonly topics: number;
    readonly ids: number;
  };
  readonly retained: { readonly bytes: number };
  readonly token: {
    readonly bytes: number;
    readonly details: number;
    readonly topics: number;
    readonly selectors: number;
    readonly remembered: number;
  };
  readonly pendingBytes: number;
  readonly connections: number;
  readonly connectionsPerWorker: number;
  readonly connectionsPerAddress: number;
  readonly connectionsPerLocalAddress: number;
  readonly requestsPerAddress: number;
  readonly requestsPerLocalAddress: number;
  readonly publishesPerAddress: number;
  readonly publishesPerLocalAddress: number;
  readonly filtersPerConnection: number;
  readonly filterBytesInAll: number;
  readonly filterLevels: number;
  readonly filterMixtures: number;
  readonly patterns: {
    readonly withoutPrefix: number;
    readonly alike: number;
    readonly expressions: number;
  };
  readonly filterPercentPerAddress: number;
  readonly subscriptionDeliveries: number;
  readonly subscriptionListBytes: number;
  readonly topicBytes: number;
  readonly filterBytes: number;
  readonly idBytes: number;
  readonly typeBytes: number;
  readonly topicsPerPublication: number;
  readonly publicationsPerRequest: number;
  readonly linesPerRequest: number;
  readonly idempotency: { readonly answers: number; readonly bytes: number; readonly ageSeconds: number };
  readonly dataBytes: number;
  readonly roundBytes: number;
  readonly mongrel2RoundBytes: number;
  readonly mongrel2WindowBytes: number;
  readonly roundWaitMs: number;
  readonly stallSeconds: number;
  readonly headBytes: number;
  readonly bodyBytes: number;
  readonly requestBytes: number;
}
