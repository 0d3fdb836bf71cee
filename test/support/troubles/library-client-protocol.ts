/** The progress of a client since a moment. Times are milliseconds since 1970. */
export interface Progress {
  /** The time of the first event with the asked number or a higher one; undefined if none has arrived. */
  readonly receivedAtMs: number | undefined;
  /** The transport of the open stream; undefined if no stream is open. */
  readonly transport: string | undefined;
  /** The time since which the connection has its present state. */
  readonly stateSinceMs: number;
}

/** All that a client received: the data of each event, and `gap` for each gap. */
export type Received = readonly string[];

// A type, because an interface would not be a Protocol.
export type LibraryClientProtocol = {
  /** Opens clients of the built library. */
  readonly open: {
    readonly ask: { readonly url: string; readonly topic: string; readonly count: number };
    readonly answer: void;
  };
  readonly progress: {
    readonly ask: { readonly from: number };
    readonly answer: readonly Progress[];
  };
  readonly received: { readonly ask: null; readonly answer: readonly Received[] };
};
