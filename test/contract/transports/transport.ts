import type { Site } from "../site.js";
import type { Log, Place } from "./log.js";

/** What a client asks for. */
export interface Following {
  /** Exact topics. */
  readonly filters: readonly string[];
  /** @default the present, with retained values where the transport has them */
  readonly from?: Place | undefined;
  /** Filters that it did not have when it was there. @default none */
  readonly added?: readonly string[] | undefined;
  /** @default none */
  readonly token?: string | undefined;
}

/** What a client may say while it is open. */
export interface Change {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

/** What is open for one client: a stream, or one poll after the other. */
export interface Line {
  /** Reads nothing, and asks for nothing, until {@link Line.resume}. */
  pause(): void;
  resume(): void;
  close(): void;
  /** Sends a message and resolves when it is answered; rejects for a refusal. Undefined where the scheme has no messages. */
  readonly say?: (message: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Nothing of the kind is promised there, and none is tested. */
export const notInThisScheme = "not in this scheme";

type Scheme = "yes" | typeof notInThisScheme;

/** One way to follow topics. */
export interface Transport {
  readonly name: string;
  /** A GET for this. */
  request(following: Following): string;
  /** Opens it; the log is told when the hub has it, and all that comes. */
  open(site: Site, following: Following, log: Log): Promise<Line>;
  /** A connection is held that the hub writes to, so that a client may fall behind and be closed. */
  readonly isStream: boolean;
  /** Retained values come first: to who comes without a place, and of filters that are new. */
  readonly retained: Scheme;
  /** Each publication is told with its id, where it has none of its own. */
  readonly positions: Scheme;
  /** Others see its filters among the active subscriptions. */
  readonly presence: Scheme;
}
