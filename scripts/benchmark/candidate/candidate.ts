import type { ClientKind } from "./client-kind.js";
import type { PublisherSpec } from "./publisher-spec.js";

export interface StartOptions {
  /** How many clients will connect. */
  readonly clients: number;
  /** "own": each client has its own topic; "one": all clients have the same topic. */
  readonly topics: "one" | "own";
  /** An empty folder for the server's files; removed afterwards. */
  readonly scratch: string;
  /** Call it for each process as soon as it runs: the caller stops them all, even if the start fails. */
  readonly register: <T extends ServerProcess>(started: T) => T;
}

/** A process of a running server, with its child processes. */
export interface ServerProcess {
  readonly name: string;
  /** The process and its descendants; empty after its end. */
  pids(): readonly number[];
  /** The end of its log, for error messages. */
  readonly log: string;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** A server that accepts clients. */
export interface RunningServer {
  readonly port: number;
  readonly client: ClientKind;
  readonly publisher: PublisherSpec;
  /** The processes whose memory and CPU time are measured. Pushpin's origin server is not among them. */
  readonly processes: readonly ServerProcess[];
}

/** A server that the benchmark compares. */
export interface Candidate {
  /** The name on the command line. */
  readonly name: string;
  /** The name in tables. */
  readonly title: string;
  /** Its configuration, one setting an entry, for the report. */
  readonly settings: readonly string[];
  /** Capabilities that the server does not have, each with the reason. */
  readonly unsupported: Readonly<Partial<Record<Capability, string>>>;
  /** Why it cannot run on this machine; `undefined` if it can. */
  unavailable(): Promise<string | undefined>;
  version(): Promise<string>;
  /** Starts the server. Rejects with the server's log if it does not start. */
  start(options: StartOptions): Promise<RunningServer>;
}

/** A feature that a scenario may need from a server. */
export type Capability = "topics" | "resume" | "workers";
