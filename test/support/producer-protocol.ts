/** How fast a producer pushes. */
export type Pace =
  /** As fast as its socket takes it. */
  | { readonly kind: "flat-out" }
  /** So many a second, evenly. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** So many back to back, so often a second. */
  | { readonly kind: "bursts"; readonly size: number; readonly perSecond: number };

/** What a producer publishes to one topic; each topic has a sequence of its own. */
export interface ProducedTopic {
  /** `undefined`: one frame of event-stream text, for the default topic. */
  readonly topic?: string;
  /** The stream named in the payload. @default "load" */
  readonly stream?: string;
}

export interface ProducerSpec {
  /** A ZeroMQ endpoint: `@` before it binds, `>` or nothing connects. */
  readonly endpoint: string;
  /** Publications in all; without it until stopped. */
  readonly count?: number;
  /** @default flat out */
  readonly pace?: Pace;
  /** Length of each payload. @default 200 */
  readonly bytes?: number;
  /** Published to in turn. @default the default topic, stream "load" */
  readonly topics?: readonly ProducedTopic[];
  /** @default 1 */
  readonly firstSequence?: number;
  /** Line ends of event-stream text: the 2011 producer sends CR LF. @default "\n" */
  readonly lineEnd?: "\n" | "\r\n";
  /** The third frame, for publications with a topic. @default none */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Messages that the socket holds for a hub that does not take them. @default 1000, ZeroMQ's own */
  readonly sendHighWaterMark?: number;
}

/** What a producer has done so far. */
export interface Production {
  readonly sent: number;
  /** The last sequence number handed to ZeroMQ, for each stream. */
  readonly last: ReadonlyMap<string, number>;
  /** Publications a second in each quarter of a second, from the start on. */
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly perSecond: number;
}

/** What is asked of the child that produces. */
export type ProducerProtocol = {
  /** Connects and begins. */
  readonly start: { readonly ask: ProducerSpec; readonly answer: void };
  readonly state: { readonly ask: null; readonly answer: Production };
  /** Answered when the count is sent, or after `stop`. */
  readonly done: { readonly ask: null; readonly answer: Production };
  readonly stop: { readonly ask: null; readonly answer: Production };
};
