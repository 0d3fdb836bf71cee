import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { silentLogger } from "../../base/log.js";
import { LocalCohorts } from "../../delivery/local-cohorts.js";
import { EmbeddedFront } from "../../fronts/embedded/embedded-front.js";
import type { HostRequest, HostResponse } from "../../fronts/embedded/host-messages.js";
import type { Front, FrontParts } from "../../fronts/front.js";
import { fanoutLimits } from "../../limits/fanout.js";
import { publicationInput, type HttpPublication } from "../../publisher/http-bodies.js";
import { packageVersion } from "../../version.js";
import { createAppWith } from "../app.js";
import type { App } from "../app-ports.js";
import { readHubOptions, type EmbeddedHubOptions } from "./hub-options.js";
import { followUpgrades } from "./upgrades.js";

/** A hub in the process of another program, which passes it requests. */
export interface EmbeddedHub {
  /** The path below which the hub is mounted; empty for the root. */
  readonly prefix: string;
  /**
   * Answers a request: a listener of Node's `request` event, or middleware of Express. Works with HTTP/1 and HTTP/2.
   * Mount it before middleware that reads bodies.
   *
   * @param next called for a path at which the hub serves nothing. @default the hub answers with 404
   * @throws Error if the response has begun already
   */
  readonly handler: (request: HostRequest, response: HostResponse, next?: (error?: unknown) => void) => void;
  /**
   * Answers a request with `Upgrade`: a listener of Node's `upgrade` event. Returns false, and does nothing, if the
   * request is not for the hub.
   */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  /**
   * Takes the WebSockets of the hub from this server, until the hub closes. Other upgrades go to the other listeners of
   * the server. If there is no other listener, they are ordinary requests, as without the hub.
   */
  attach(server: Server): void;
  /**
   * Publishes. Resolves with the event id once the publication is stored.
   *
   * @throws PharosError for a publication that the hub refuses, with the code and text of the HTTP API
   */
  publish(publication: HttpPublication): Promise<string>;
  /** All metrics by name and labels: counters since the start, and current values of gauges. */
  figures(): Readonly<Record<string, number>>;
  /**
   * Still serves for `drainSeconds`, then ends the streams evenly over `closeOverSeconds`, and then closes the hub. Safe
   * to call twice.
   */
  drain(): Promise<void>;
  /**
   * Delivers what is published, ends all streams so that their clients reconnect, and gives everything back. Afterwards
   * requests get 503. The server of the program stays open. Safe to call twice.
   */
  close(): Promise<void>;
}

/**
 * Creates a hub in this process, for the server of this program. The hub opens no port and no ZeroMQ socket, keeps no
 * files (unless `journal` names a folder), installs no signal handlers, never ends the process, and logs only to the given
 * logger. Several hubs in one process do not know of each other.
 *
 * @throws PharosError `bad-config`: one line for each option that is unknown or has a wrong value, and what is allowed
 */
export async function createHub(options: EmbeddedHubOptions = {}): Promise<EmbeddedHub> {
  const config = readHubOptions(options);
  const { prefix = "", page = true, logger = silentLogger } = options;
  let front: EmbeddedFront | undefined;
  const build = (parts: FrontParts): readonly Front[] => [(front = buildFront(parts, { prefix, page }))];
  const { onJournalLost, onJournalFailed } = options;
  const app = await createAppWith([build], {
    config,
    ports: {
      logger,
      version: packageVersion(),
      ...(onJournalLost === undefined ? {} : { onJournalLost }),
      ...(onJournalFailed === undefined ? {} : { onJournalFailed }),
    },
  });
  if (front === undefined) throw new Error("the hub has not built its front");
  return new RunningHub(app, front);
}

function buildFront(
  { config, hub, htmlDir, ...parts }: FrontParts,
  { prefix, page }: { readonly prefix: string; readonly page: boolean },
): EmbeddedFront {
  const fanout = config.derive((settings) => fanoutLimits(settings, settings.limits.roundBytes));
  const { headBytes, headerLines } = config.current.limits;
  return new EmbeddedFront({
    ...parts,
    prefix,
    pageDir: page ? htmlDir : undefined,
    fanout,
    headBytes,
    headerLines,
    cohorts: new LocalCohorts({ name: "http", hub, pageCacheBytes: fanout.pageCacheBytes }),
  });
}

class RunningHub implements EmbeddedHub {
  readonly #app: App;
  readonly #front: EmbeddedFront;
  readonly #attached = new Map<Server, () => void>();

  constructor(app: App, front: EmbeddedFront) {
    this.#app = app;
    this.#front = front;
  }

  get prefix(): string {
    return this.#front.mount.prefix;
  }

  readonly handler: EmbeddedHub["handler"] = (request, response, next) => {
    this.#front.handle({ request, response, unserved: next && (() => next()) });
  };

  readonly upgrade: EmbeddedHub["upgrade"] = (request, socket, head) =>
    this.#front.upgrade(request, socket, head);

  attach(server: Server): void {
    if (!this.#attached.has(server)) this.#attached.set(server, followUpgrades(server, this.upgrade));
  }

  async publish(publication: HttpPublication): Promise<string> {
    return this.#app.publish(publicationInput(publication));
  }

  figures(): Readonly<Record<string, number>> {
    return this.#app.figures();
  }

  async drain(): Promise<void> {
    await this.#app.drain();
    this.#detach();
  }

  async close(): Promise<void> {
    await this.#app.close();
    this.#detach();
  }

  #detach(): void {
    for (const leave of this.#attached.values()) leave();
    this.#attached.clear();
  }
}
