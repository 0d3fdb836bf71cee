import type { Writable } from "node:stream";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import type { Config } from "../config/config.js";
import type { PublicationInput } from "../hub/publications/publication.js";
import type { Ready } from "./lifecycle/ready.js";
import type { Reloaded } from "./reload/reloader.js";

export interface AppPorts {
  readonly logger: Logger;
  /** The version that the admin address reports. */
  readonly version: string;
  /** Called when the message `shutdown` arrives at the control endpoint. */
  readonly onShutdownRequest?: () => void;
  /**
   * Called when the engine of the journal has lost publications that this hub has delivered. The hub then stores nothing
   * more. Close it, and create another: its clients reconnect, and those that have lost publications are told. If the
   * hub is still starting, `createApp` rejects, too.
   * @default the hub only logs an error
   */
  readonly onJournalLost?: () => void;
  /**
   * Called when the journal has a record that this version cannot use, for example that of a newer version. The hub then
   * stores nothing more. Close it.
   * @default the hub only logs an error
   */
  readonly onJournalFailed?: (error: unknown) => void;
  /**
   * Ends the start: `createApp` rejects with `closed` while it waits for an engine or for workers.
   *
   * @default never aborted
   */
  readonly stopping?: AbortSignal;
  /** The output of `--access-log -`; workers use that of this process. @default the standard output of this process */
  readonly stdout?: Writable;
  /** The program file of a worker process. @default the file beside this code */
  readonly workerEntry?: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** A running hub with its listeners. */
export interface App {
  readonly ready: Ready;
  /**
   * Publishes from this process. Resolves with the event id once the publication is stored.
   *
   * @throws PharosError as `parsePublication`
   */
  publish(input: PublicationInput): Promise<string>;
  /** All metrics by name and labels: counters since the start, and current values of gauges. */
  figures(): Readonly<Record<string, number>>;
  /**
   * Applies another configuration at once, as far as a running hub can, and logs the changes. Reads the TLS
   * certificates and the key files of tokens again, and opens the file of the access log again. The next token that
   * needs the keys of a URL waits for a new load; if it fails, the known keys of an unchanged issuer and URL stay in
   * use. Open streams stay open and keep their rights. If a limit is now below its use, the hub keeps what it has and
   * refuses more.
   *
   * @param config as for `createApp` @default the configuration that applies now
   * @returns the changed settings, and the settings that keep their values until a restart
   * @throws PharosError `bad-config`, with one line for each fault, or `bad-curve-key`. Then nothing has changed
   */
  reload(config?: Config): Reloaded;
  /**
   * Stops as SIGTERM stops `pharos serve`: still serves for `drainSeconds` while it is not ready, then ends its streams
   * evenly over `closeOverSeconds`, and then does the same as {@link close}. Safe to call twice.
   */
  drain(): Promise<void>;
  /**
   * Stops in order and at once: accepts nothing more, delivers pending publications, and closes all streams. Safe to
   * call twice, and during {@link drain}, which then ends at once.
   */
  close(): Promise<void>;
}
