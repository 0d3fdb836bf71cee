import type { ClientKind } from "./client-kind.js";
import type { PublisherSpec } from "./publisher-spec.js";

export interface StartOptions {
  /** The number of clients that will connect. */
  readonly clients: number;
  /** "own": each client has its own topic; "one": all clients have the same topic. */
  readonly topics: "one" | "own";
  /** An empty folder for the server's files. The caller removes the folder afterwards. */
  readonly scratch: string;
  /**
   * The server calls this function for each process as soon as the process runs. The benchmark then stops all of these
   * processes, even if the start fails.
   */
  readonly register: <T extends ServerProcess>(started: T) => T;
}

/** A process of a running server, with its child processes. */
export interface ServerProcess {
  readonly name: string;
  /** The process and its descendants; empty after the process has ended. */
  pids(): readonly number[];
  /** The last part of the process's log, for error messages. */
  readonly log: string;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/** A server that accepts clients. */
export interface RunningServer {
  readonly port: number;
  readonly client: ClientKind;
  readonly publisher: PublisherSpec;
  /** The processes whose memory and CPU time the benchmark measures. Pushpin's origin server is not measured. */
  readonly processes: readonly ServerProcess[];
}

/** A server that the benchmark compares. */
export interface Candidate {
  /** The name on the command line. */
  readonly name: string;
  /** The name in tables. */
  readonly title: string;
  /** The server's configuration for the report, one setting per entry. */
  readonly settings: readonly string[];
  /** The capabilities that the server does not have, each with the reason why. */
  readonly unsupported: Readonly<Partial<Record<Capability, string>>>;
  /** Why the server cannot run on this machine; `undefined` if the server can run. */
  unavailable(): Promise<string | undefined>;
  version(): Promise<string>;
  /** Starts the server. If the server does not start, the promise rejects with the server's log. */
  start(options: StartOptions): Promise<RunningServer>;
}

/** A feature that a scenario may need from a server. */
export type Capability = "topics" | "resume" | "workers";
