/** How clients connect; `{stream}` in the path is the number of their topic. */
export interface ClientKind {
  readonly kind: "sse" | "socketio";
  readonly path: string;
}

/** How one publishes in the server's native way; `{stream}` as above. */
export type PublisherSpec =
  /** Two frames over ZeroMQ: topic, data. */
  | { readonly kind: "pharos"; readonly endpoint: string; readonly topic: string }
  /** One frame of JSON over ZeroMQ. */
  | { readonly kind: "pushpin"; readonly endpoint: string; readonly channel: string }
  /** One POST each, pipelined on one connection. */
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** `STREAM PAYLOAD` a line over TCP, to the program that publishes from inside. */
  | { readonly kind: "lines"; readonly port: number }
  /** Whole events over TCP, as they go to the clients. */
  | { readonly kind: "events"; readonly port: number };

export interface StartOptions {
  /** How many clients will come. */
  readonly clients: number;
  /** Whether each has a topic of its own, or all have one. */
  readonly topics: "one" | "own";
  /** An empty folder for its files; removed afterwards. */
  readonly scratch: string;
  /** To be told of each child as soon as it is started: whoever called stops it, also when the start fails. */
  readonly own: <T extends Child>(child: T) => T;
}

/** A process, or a family of them, that belongs to a running server. */
export interface Child {
  readonly name: string;
  /** It and what it has started; empty when it has ended. */
  pids(): readonly number[];
  /** The end of its log, for messages. */
  readonly log: string;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** A server that takes clients. */
export interface Running {
  readonly port: number;
  readonly client: ClientKind;
  readonly publisher: PublisherSpec;
  /** Those whose memory and processor time are the contestant's own; an origin that a peer asks is not. */
  readonly counted: readonly Child[];
}

/** One of the servers that are compared. */
export interface Contestant {
  readonly name: string;
  /** As it stands in the table. */
  readonly title: string;
  /** How it is set up, one setting a line, for the report. */
  readonly settings: readonly string[];
  /** What it cannot do at all, by the name of a {@link Ability}, and why. */
  readonly unable: Readonly<Partial<Record<Ability, string>>>;
  /** Why it cannot run on this machine; `undefined` when it can. */
  missing(): Promise<string | undefined>;
  version(): Promise<string>;
  /** Starts it; rejects with its log when it does not come up. */
  start(options: StartOptions): Promise<Running>;
}

/** What a scenario may ask of a server. */
export type Ability = "topics" | "resume" | "workers";
