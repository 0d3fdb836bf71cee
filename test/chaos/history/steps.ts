/** A publication that a publisher of a run sent. Its data is unique in the run, and names the publication. */
export interface Sent {
  readonly data: string;
  readonly topics: readonly string[];
  /** @default false */
  readonly isPrivate?: true;
  /** @default false */
  readonly isRetained?: true;
}

/**
 * - `acknowledged`: the hub has confirmed the publications
 * - `refused`: the hub has promised that it published nothing
 * - `unknown`: the publications may be stored or not
 */
export type Outcome = "acknowledged" | "refused" | "unknown";

/** An entry of the hub's history, as a client reads it. */
export interface Entry {
  readonly id: string;
  readonly data: string;
}

/** Something that a client did or saw, with its time in milliseconds since the start of the run. */
export type Step = { readonly atMs: number } & (
  | {
      readonly kind: "called";
      readonly call: number;
      readonly publisher: string;
      /** Requests with the same key are attempts of one publication. */
      readonly key?: string;
      readonly sent: readonly Sent[];
    }
  | {
      readonly kind: "answered";
      readonly call: number;
      readonly outcome: Outcome;
      /** The event ids that the hub returned; empty if the protocol returns none. */
      readonly ids: readonly string[];
      readonly detail?: string;
    }
  /** `from` is the cursor from which the client resumes; empty for its first stream. */
  | { readonly kind: "opened"; readonly subscriber: string; readonly from: string }
  | ({ readonly kind: "received"; readonly subscriber: string } & Entry)
  | { readonly kind: "gap"; readonly subscriber: string; readonly reason: string }
  | { readonly kind: "closed"; readonly subscriber: string; readonly detail?: string }
  | { readonly kind: "refused"; readonly subscriber: string; readonly status: number }
  /** The retained values of a client that asked at this time, all of them when it got them. */
  | {
      readonly kind: "retained";
      readonly askedAtMs: number;
      readonly values: readonly (readonly [topic: string, data: string])[];
    }
  /** All that one node has stored, in its order. Nothing is published meanwhile. */
  | { readonly kind: "stored"; readonly node: string; readonly entries: readonly Entry[] }
  | { readonly kind: "fault"; readonly name: string }
  /** A promise that no rule can read off the other steps, for instance that the hub's process did not end. */
  | { readonly kind: "broken"; readonly detail: string }
);

/** A client that follows topics during the whole run. It resumes whenever its connection ends. */
export interface Subscriber {
  readonly name: string;
  readonly topics: readonly string[];
  readonly mayReadPrivate: boolean;
  /** Clients of different families name the same publication by different ids. */
  readonly idFamily: "event-id" | "stamp";
}

/** What happened in a run. */
export interface History {
  readonly subscribers: readonly Subscriber[];
  readonly steps: readonly Step[];
}
