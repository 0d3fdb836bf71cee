import { startBeacon } from "./beacon.js";
import { createGateway } from "./create-gateway.js";
import { createHttpFront } from "./create-http-front.js";
import { filterLimits } from "./filter-limits.js";
import { createEpoch } from "../journal/epoch.js";
import { MetricsRegistry } from "../monitoring/figures.js";
import { readIngestKeys } from "./ingest-keys.js";
import { setGauges } from "../monitoring/gauges.js";
import { linkName, recordFile } from "./mongrel2-names.js";
import { openAdmin } from "./open-admin.js";
import type { Admin } from "./open-admin.js";
import { systemClock } from "./system-clock.js";
import { atMost } from "../base/at-most.js";
import type { Clock, Timer } from "../base/clock.js";
import type { Config, Mongrel2Specs } from "../config/config.js";
import type { CurveServer } from "../zeromq/curve/keys.js";
import type { FanoutLimits } from "../delivery/limits.js";
import { defaultFanoutLimits } from "../delivery/limits.js";
import { Mongrel2Front } from "../fronts/mongrel2/mongrel2-front.js";
import type { Gateway } from "../gateway/gateway.js";
import type { Entry } from "../hub/publications/entry.js";
import { Hub } from "../hub/hub.js";
import { defaultPressureLimits } from "../hub/backpressure.js";
import { parsePublication } from "../hub/publications/publication.js";
import type { PublicationInput } from "../hub/publications/publication.js";
import { ControlSocket } from "../ingress/zeromq/control-socket.js";
import { parseEndpoint, type Endpoint } from "../zeromq/endpoint.js";
import { ZeroMqIngress, defaultIngressLimits } from "../ingress/zeromq/zeromq-ingress.js";
import type { Journal } from "../journal/journal.js";
import { MemoryJournal } from "../journal/memory/memory-journal.js";
import { OpaquePositions } from "../journal/opaque-positions.js";
import type { Logger } from "../base/log.js";
import { Polls } from "../delivery/polls/polls.js";
import { subscriptionsTopic } from "../presence/documents.js";
import { Presence } from "../presence/presence.js";
import { WorkersFront } from "../workers/primary/workers-front.js";

/** How long a stop waits until what was published is delivered, in milliseconds. */
const settleMs = 3000;

export interface AppPorts {
  readonly logger: Logger;
  /** Told at the admin address. */
  readonly version: string;
  /** Somebody sent `shutdown` to the control endpoint. */
  readonly onShutdownRequest?: () => void;
  /** The program of a worker process. @default the one beside this code */
  readonly workerEntry?: string;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** What a started hub listens on. */
export interface Ready {
  readonly http?: string;
  readonly ingest: readonly string[];
  readonly mongrel2: readonly { readonly name: string; readonly state: string }[];
  /** Where metrics and status are served. */
  readonly admin?: string;
}

/** A running hub with all its ways in and out. */
export interface App {
  readonly ready: Ready;
  /**
   * Publishes from within the process; resolves with the event id when the publication has its position.
   *
   * @throws PharosError as `parsePublication`
   */
  publish(input: PublicationInput): Promise<string>;
  /** Every counter since the start and every gauge as it stands, by name and labels. */
  figures(): Readonly<Record<string, number>>;
  /** Stops in order: takes nothing in, delivers what is pending, closes all streams. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Builds a hub from its configuration and starts it; resolves when its own listeners are bound.
 *
 * @throws PharosError `unreachable` or `bad-endpoint` when one of them cannot be; then nothing is left running
 */
export async function createApp(config: Config, ports: AppPorts): Promise<App> {
  const app = new RunningApp(config, ports);
  try {
    await app.start();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

class RunningApp implements App {
  readonly #config: Config;
  readonly #ports: AppPorts;
  readonly #clock: Clock;
  readonly #figures = new MetricsRegistry();
  readonly #journal: Journal;
  readonly #hub: Hub;
  readonly #polls: Polls;
  /** Called with each publication, before the hub delivers it. */
  readonly #followers: ((entry: Entry) => void)[] = [];
  readonly #presence: Presence | undefined;
  readonly #gateway: Gateway;
  readonly #http: ReturnType<typeof createHttpFront>;
  readonly #links: readonly Mongrel2Front[];
  readonly #ingress: ZeroMqIngress[] = [];
  #control: ControlSocket | undefined;
  #admin: Admin | undefined;
  #beacon: Timer | undefined;
  #url: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, ports: AppPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#clock = ports.clock ?? systemClock;
    const epoch = createEpoch();
    this.#journal = new MemoryJournal({
      epoch,
      ...(config.opaqueIds ? { positions: new OpaquePositions(epoch) } : {}),
      clock: this.#clock,
      metrics: this.#figures,
      limits: config.limits.history,
      presenceTopic: subscriptionsTopic,
    });
    this.#hub = new Hub({
      history: this.#journal,
      clock: this.#clock,
      pressure: { ...defaultPressureLimits, pendingBytes: config.limits.pendingBytes },
      retainedBytes: config.limits.retained.bytes,
      filters: filterLimits(config.limits),
      baseUrl: config.publicUrl,
      presenceTopic: subscriptionsTopic,
    });
    this.#journal.follow((entry) => {
      for (const follower of this.#followers) follower(entry);
      this.#hub.apply(entry);
      this.#presence?.delivered(entry);
    });
    this.#presence = config.subscriptions ? this.#createPresence() : undefined;
    this.#polls = new Polls({
      hub: this.#hub,
      clock: this.#clock,
      metrics: this.#figures,
      pageBytes: config.limits.roundBytes,
      pageCacheBytes: defaultFanoutLimits.pageCacheBytes,
    });
    const gateway = this.#createGateway();
    this.#gateway = gateway;
    this.#http = createHttpFront({
      config,
      ...this.#shared(gateway, config.limits.roundBytes),
      workerEntry: ports.workerEntry,
    });
    this.#links = config.mongrel2.map((specs, index) =>
      this.#createMongrel2Front({ specs, name: linkName(index) }, gateway),
    );
  }

  get ready(): Ready {
    return {
      ...(this.#url === undefined ? {} : { http: this.#url }),
      ingest: this.#ingress.map((ingress) => ingress.address),
      mongrel2: this.#links.map(({ name, state }) => ({ name, state })),
      ...(this.#admin === undefined ? {} : { admin: this.#admin.url }),
    };
  }

  async start(): Promise<void> {
    this.#url = await this.#http?.listen();
    for (const link of this.#links) link.start();
    await this.#openIngresses();
    this.#control = await this.#openControl();
    this.#admin = await this.#openAdmin();
    const seconds = this.#config.beaconSeconds;
    if (seconds !== undefined)
      this.#beacon = startBeacon({
        seconds,
        journal: this.#journal,
        clock: this.#clock,
        logger: this.#ports.logger,
      });
  }

  async publish(input: PublicationInput): Promise<string> {
    const publication = parsePublication(input, this.#config.limits);
    await this.#hub.room();
    const receipt = this.#journal.append(publication);
    return (receipt instanceof Promise ? await receipt : receipt).id;
  }

  figures(): Readonly<Record<string, number>> {
    return this.#presentFigures().snapshot();
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    this.#beacon?.cancel();
    this.#presence?.close();
    this.#polls.close();
    await Promise.all([...this.#ingress.map((ingress) => ingress.close()), this.#control?.close()]);
    const fronts = [...this.#links, ...(this.#http === undefined ? [] : [this.#http])];
    await atMost(this.#clock, settleMs, Promise.all(fronts.map((front) => front.settle())));
    await Promise.all(fronts.map((front) => front.close()));
    await this.#admin?.close();
    this.#ports.logger.debug({ figures: this.figures() }, "figures");
  }

  #presentFigures(): MetricsRegistry {
    const http = this.#http;
    const inWorkers = http instanceof WorkersFront ? http.bodyBytes : 0;
    const bodyBytes = this.#gateway.bodies.held + inWorkers;
    setGauges(
      {
        hub: this.#hub,
        journal: this.#journal,
        http,
        links: this.#links,
        polls: this.#polls.size,
        bodyBytes,
      },
      this.#figures,
    );
    return this.#figures;
  }

  get #streams(): number {
    const fronts = this.#links.reduce((sum, link) => sum + link.size, this.#http?.size ?? 0);
    return fronts + this.#polls.size;
  }

  #createGateway(): Gateway {
    return createGateway({
      config: this.#config,
      hub: this.#hub,
      journal: this.#journal,
      clock: this.#clock,
      logger: this.#ports.logger,
      metrics: this.#figures,
      streams: () => this.#streams,
      polls: this.#polls,
      follow: (follower) => this.#followers.push(follower),
      facts: () => ({
        streams: this.#streams,
        links: this.#links.length,
        linksUp: this.#links.filter(({ state }) => state === "up").length,
      }),
      isStopping: () => this.#closing !== undefined,
      presence: this.#presence,
    });
  }

  #createPresence(): Presence {
    return new Presence({
      journal: this.#journal,
      clock: this.#clock,
      metrics: this.#figures,
      deliveriesPerSecond: this.#config.limits.subscriptionDeliveries,
    });
  }

  #createMongrel2Front(
    { specs, name }: { readonly specs: Mongrel2Specs; readonly name: string },
    gateway: Gateway,
  ): Mongrel2Front {
    const { limits, targets, keepAliveSeconds, stateDir } = this.#config;
    const record = recordFile(stateDir, specs, this.#ports.logger);
    return new Mongrel2Front({
      ...this.#shared(gateway, limits.mongrel2RoundBytes),
      name,
      sendSpec: specs.send,
      recvSpec: specs.recv,
      ...(specs.control === undefined ? {} : { controlSpec: specs.control }),
      ...(record === undefined ? {} : { recordFile: record }),
      targets,
      keepAliveMs: keepAliveSeconds * 1000,
      roundBytes: limits.mongrel2RoundBytes,
      windowBytes: limits.mongrel2WindowBytes,
    });
  }

  async #openIngresses(): Promise<void> {
    const endpoints = this.#config.ingest.map((endpoint) => parseEndpoint(endpoint, "bind"));
    const { logger } = this.#ports;
    const curve = readIngestKeys({ file: this.#config.ingestCurve, endpoints, logger });
    for (const endpoint of endpoints) this.#ingress.push(await this.#openIngress(endpoint, curve));
  }

  #openIngress(endpoint: Endpoint, curve: CurveServer | undefined): Promise<ZeroMqIngress> {
    return ZeroMqIngress.open({
      endpoint,
      curve,
      sink: { append: (publication) => this.#journal.append(publication), room: () => this.#hub.room() },
      publicationLimits: this.#config.limits,
      // A frame holds at least what its data may.
      limits: { frameBytes: Math.max(defaultIngressLimits.frameBytes, this.#config.limits.dataBytes) },
      clock: this.#clock,
      logger: this.#ports.logger,
      metrics: this.#figures,
    });
  }

  async #openControl(): Promise<ControlSocket | undefined> {
    const { control } = this.#config;
    if (control === undefined) return undefined;
    return ControlSocket.open({
      endpoint: parseEndpoint(control, "bind"),
      onShutdown: () => this.#ports.onShutdownRequest?.(),
      clock: this.#clock,
      logger: this.#ports.logger,
    });
  }

  #openAdmin(): Promise<Admin | undefined> {
    const { logger, version } = this.#ports;
    return openAdmin({
      config: this.#config,
      version,
      figures: () => this.#presentFigures(),
      links: () => this.#links.map(({ name, state, size }) => ({ name, state, streams: size })),
      workers: () => (this.#http instanceof WorkersFront ? this.#http.workers : []),
      clock: this.#clock,
      logger,
    });
  }

  /** What both kinds of front are built from. */
  #shared(gateway: Gateway, roundBytes: number) {
    const { limits, heartbeatSeconds } = this.#config;
    const fanout: FanoutLimits = {
      ...defaultFanoutLimits,
      roundBytes,
      roundWaitMs: limits.roundWaitMs,
      heartbeatMs: heartbeatSeconds * 1000,
      stallMs: limits.stallSeconds * 1000,
    };
    const { logger } = this.#ports;
    return { gateway, hub: this.#hub, fanout, clock: this.#clock, logger, metrics: this.#figures };
  }
}
