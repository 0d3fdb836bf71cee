import type { ClientKind, PublisherSpec } from "../candidate/candidate.js";
import type { Pace, Published } from "./publishing.js";

/** What is asked of the process that publishes, and answered. */
export type PublisherProtocol = {
  readonly connect: {
    readonly ask: { readonly spec: PublisherSpec; readonly streams: number };
    readonly answer: null;
  };
  /** Begins to publish at a pace. */
  readonly begin: { readonly ask: Pace; readonly answer: null };
  /** Answered when the last is handed over. */
  readonly stop: { readonly ask: null; readonly answer: Published };
  /** Publishes so many as fast as the server takes them. */
  readonly publish: { readonly ask: { readonly count: number }; readonly answer: Published };
  readonly roundTrips: {
    readonly ask: { readonly port: number; readonly client: ClientKind; readonly count: number };
    readonly answer: readonly number[];
  };
};

export type Ask = {
  [K in keyof PublisherProtocol]: { readonly kind: K; readonly ask: PublisherProtocol[K]["ask"] };
}[keyof PublisherProtocol];
