import type { ClientKind } from "../candidate/client-kind.js";
import type { PublisherSpec } from "../candidate/publisher-spec.js";
import type { Published, PublishRate } from "./publishing.js";

/** Requests to the publisher process, and its answers. */
export type PublisherProtocol = {
  readonly connect: {
    readonly ask: { readonly spec: PublisherSpec; readonly streams: number };
    readonly answer: null;
  };
  /** Begins to publish at a rate. */
  readonly begin: { readonly ask: PublishRate; readonly answer: null };
  /** The publisher answers when it has sent the last publication. */
  readonly stop: { readonly ask: null; readonly answer: Published };
  /** Publishes as fast as the server accepts. */
  readonly publish: { readonly ask: { readonly count: number }; readonly answer: Published };
  /** Delays in microseconds. */
  readonly roundTrips: {
    readonly ask: { readonly port: number; readonly client: ClientKind; readonly count: number };
    readonly answer: readonly number[];
  };
};

/** A request in the form in which the parent process sends it. */
export type Ask = {
  [K in keyof PublisherProtocol]: { readonly kind: K; readonly ask: PublisherProtocol[K]["ask"] };
}[keyof PublisherProtocol];
