/** The rate of a producer. */
export type Pace =
  /** As fast as its socket accepts messages. */
  | { readonly kind: "flat-out" }
  /** This number per second, evenly distributed. */
  | { readonly kind: "rate"; readonly perSecond: number }
  /** `size` publications at once, this many times per second. */
  | { readonly kind: "bursts"; readonly size: number; readonly perSecond: number };

/** A topic of a producer, with a separate sequence. */
export interface ProducedTopic {
  /** `undefined`: one frame of event-stream text, for the default topic. */
  readonly topic?: string;
  /** The stream named in the payload. @default "load" */
  readonly stream?: string;
}

export interface ProducerSpec {
  /**
   * A ZeroMQ endpoint. With `@` the producer binds the endpoint. With `>` or no prefix the producer connects to the
   * endpoint.
   */
  readonly endpoint: string;
  /** The total number of publications. @default unlimited, until `stop` */
  readonly count?: number;
  /** @default flat out */
  readonly pace?: Pace;
  /** Length of each payload. @default 200 */
  readonly bytes?: number;
  /** Topics that are used in turn. @default the default topic, with the stream "load" */
  readonly topics?: readonly ProducedTopic[];
  /** @default 1 */
  readonly firstSequence?: number;
  /** Line ends of event-stream text; the 2011 producer sends CR LF. @default "\n" */
  readonly lineEnd?: "\n" | "\r\n";
  /** The third frame, for publications with a topic. @default none */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The number of messages that the socket queues while the hub reads no messages. @default 1000, ZeroMQ's own */
  readonly sendHighWaterMark?: number;
}

/** The state of a producer. */
export interface Production {
  readonly sent: number;
  /** The last sequence number that the producer has passed to ZeroMQ, for each stream. */
  readonly last: ReadonlyMap<string, number>;
  /** Publications per second in each quarter of a second since the start. */
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly perSecond: number;
}

/** The requests of the producer's process. */
export type ProducerProtocol = {
  /** Connects and starts to publish. */
  readonly start: { readonly ask: ProducerSpec; readonly answer: void };
  readonly state: { readonly ask: null; readonly answer: Production };
  /** The process answers after it has sent the last publication, or after `stop`. */
  readonly done: { readonly ask: null; readonly answer: Production };
  readonly stop: { readonly ask: null; readonly answer: Production };
};
