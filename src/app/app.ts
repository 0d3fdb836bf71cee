import type { App, AppPorts } from "./app-ports.js";
import type { AccessLog } from "../access-log/access-log.js";
import { openAccessLog } from "../access-log/open-access-log.js";
import { startBeacon } from "./lifecycle/beacon.js";
import { checkAppArguments, checkConfig } from "./check-app-arguments.js";
import { createGateway } from "./create-gateway.js";
import { createJournal } from "./create-journal.js";
import { createPresence } from "./create-presence.js";
import { buildOrClose } from "./lifecycle/build-or-close.js";
import { openJournal, reportEnd } from "./lifecycle/journal-ends.js";
import { Lifecycle } from "./lifecycle/lifecycle.js";
import { linkFacts } from "./lifecycle/links.js";
import { readyOf, type Ready } from "./lifecycle/ready.js";
import { filterLimits } from "./filter-limits.js";
import { frontBuilders } from "./fronts.js";
import { htmlDir } from "./html-dir.js";
import { MetricsRegistry } from "../monitoring/metrics-registry.js";
import { setGauges } from "../monitoring/gauges.js";
import { openAdmin } from "./open-admin.js";
import { ingestEndpoints, openControl, openIngresses } from "./open-ingresses.js";
import type { Admin } from "./open-admin.js";
import { warnOfFewDescriptors } from "./few-descriptors.js";
import { descriptorLimit } from "../process/process-descriptors.js";
import { LiveCertificates } from "./reload/live-certificates.js";
import { LiveIngestKeys } from "./reload/live-ingest-keys.js";
import { Reloader, type Reloaded } from "./reload/reloader.js";
import type { Webhooks } from "../webhooks/webhooks.js";
import { createWebhooks } from "./files/create-webhooks.js";
import { LiveVerifier } from "./verifiers/live-verifier.js";
import { systemClock } from "./system-clock.js";
import { atMost } from "../base/at-most.js";
import type { Clock, Timer } from "../base/clock.js";
import { Live } from "../base/live/live.js";
import type { Config } from "../config/config.js";
import { nameOfNode } from "../config/name-of-node.js";
import { defaultFanoutLimits } from "../limits/fanout.js";
import { ConnectionDescriptors } from "../fronts/connection-descriptors.js";
import { planDescriptors } from "../limits/descriptors.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import type { BoundAddress, Front, FrontBuilder } from "../fronts/front.js";
import type { CertificateStore } from "../fronts/tls/certificate-store.js";
import type { Gateway } from "../gateway/gateway.js";
import type { ReadinessReport } from "../gateway/http/probes.js";
import { Hub } from "../hub/hub.js";
import { defaultPressureLimits } from "../hub/backpressure.js";
import { RetainedPart } from "../journal/retained-part.js";
import { parsePublication } from "../hub/publications/publication.js";
import type { PublicationInput } from "../hub/publications/publication.js";
import type { PublicationSink } from "../ingress/publication-sink.js";
import type { ControlSocket } from "../ingress/zeromq/control-socket.js";
import type { AdmitPublisher } from "../ingress/zeromq/open-source.js";
import type { ZeroMqIngress } from "../ingress/zeromq/zeromq-ingress.js";
import type { Journal } from "../journal/journal.js";
import type { JournalEnd } from "../journal/logged/logged-journal.js";
import { Polls } from "../delivery/polls/polls.js";
import { subscriptionsTopic } from "../presence/documents.js";
import type { Presence } from "../presence/presence.js";

/** The longest time that the hub waits for deliveries when it stops, in milliseconds. */
const settleMs = 3000;

/** The period at which the hub looks for publications that have expired. Times to live are whole seconds. */
const expireEveryMs = 1000;

/**
 * Builds a hub from its configuration and starts it. Resolves when its listeners are bound.
 *
 * @param config the object that `loadConfig` returned, not a copy
 * @throws PharosError `bad-config` for wrong arguments, `unreachable` or `bad-endpoint` if a listener cannot be bound;
 *   the function first stops the parts that have started
 */
export async function createApp(config: Config, ports: AppPorts): Promise<App> {
  checkAppArguments(config, ports);
  return createAppWith(frontBuilders, { config, ports });
}

/** As {@link createApp}, with fronts of these kinds. */
export async function createAppWith(
  fronts: readonly FrontBuilder[],
  { config, ports }: { readonly config: Config; readonly ports: AppPorts },
): Promise<App> {
  const live = new Live(config);
  const parts = {
    ...ports,
    stopping: ports.stopping ?? new AbortController().signal,
    clock: ports.clock ?? systemClock,
    metrics: new MetricsRegistry(),
    descriptors: planDescriptors(descriptorLimit()),
    frontBuilders: fronts,
  };
  // Before the journal: its engine may not respond for a long time, and operators must see this.
  const admin = await openAdmin({ ...parts, config: live.current });
  try {
    return await startApp(live, { ...parts, admin });
  } catch (error) {
    await admin?.close();
    throw error;
  }
}

async function startApp(live: Live<Config>, ports: StartPorts): Promise<App> {
  const onEnd = (end: JournalEnd): void => reportEnd(end, ports);
  const journal = await createJournal({ ...ports, config: live, onEnd, signal: ports.stopping });
  const app = await buildOrClose(live.current, { ...ports, journal }, (all) => new RunningApp(live, all));
  try {
    await app.start();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

interface StartPorts extends AppPorts {
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly metrics: MetricsRegistry;
  readonly descriptors: DescriptorPlan;
  readonly frontBuilders: readonly FrontBuilder[];
  /** Undefined if there is no admin address. */
  readonly admin: Admin | undefined;
}

interface RunningPorts extends StartPorts {
  readonly journal: Journal;
  readonly certificates: CertificateStore | undefined;
}

class RunningApp implements App {
  readonly #live: Live<Config>;
  readonly #ports: RunningPorts;
  readonly #clock: Clock;
  readonly #metrics: MetricsRegistry;
  readonly #descriptors: DescriptorPlan;
  readonly #journal: Journal;
  readonly #hub: Hub;
  readonly #polls: Polls;
  readonly #presence: Presence;
  readonly #verifier: LiveVerifier;
  readonly #ingestKeys = new LiveIngestKeys();
  readonly #reloader: Reloader;
  readonly #gateway: Gateway;
  readonly #fronts: readonly Front[];
  readonly #accessLog: AccessLog | undefined;
  readonly #webhooks: Webhooks;
  readonly #ingress: ZeroMqIngress[] = [];
  #control: ControlSocket | undefined;
  #beacon: Timer | undefined;
  #expiring: Timer | undefined;
  readonly #listeners: BoundAddress[] = [];
  readonly #lifecycle: Lifecycle;
  /** What the hub does while it starts, for the readiness check. */
  #startStep = "the hub loads its journal";

  constructor(live: Live<Config>, ports: RunningPorts) {
    this.#live = live;
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#metrics = ports.metrics;
    this.#descriptors = ports.descriptors;
    this.#journal = ports.journal;
    this.#hub = new Hub({
      history: this.#journal.history,
      clock: this.#clock,
      pressure: live.derive(({ limits: { pendingBytes } }) => ({ ...defaultPressureLimits, pendingBytes })),
      retained: live.derive(({ limits }) => limits.retained),
      filters: live.derive(({ limits }) => filterLimits(limits)),
      baseUrl: live.current.publicUrl,
      presenceTopic: subscriptionsTopic,
    });
    this.#journal.keep(new RetainedPart(this.#hub.retained));
    // Also without `--subscriptions`: this hub may have to report the ends of those of an earlier run, or of another hub.
    this.#presence = createPresence(this.#journal, { ...ports, limits: live.derive(({ limits }) => limits) });
    this.#polls = new Polls({
      hub: this.#hub,
      clock: this.#clock,
      metrics: this.#metrics,
      limits: live.derive(({ limits }) => limits),
      pageCacheBytes: defaultFanoutLimits.pageCacheBytes,
    });
    this.#verifier = new LiveVerifier(live.current, ports);
    this.#reloader = new Reloader({
      live,
      files: [this.#verifier, this.#ingestKeys, new LiveCertificates(ports.certificates)],
      changed: (before) => this.#settingsChanged(before),
      logger: ports.logger,
    });
    this.#webhooks = createWebhooks(live, ports);
    const gateway = this.#createGateway();
    this.#gateway = gateway;
    // The protocols follow the journal first: they must know an entry before the hub delivers the entry.
    this.#journal.follow(this.#hub);
    this.#journal.keep(this.#presence);
    this.#journal.follow(this.#presence);
    this.#accessLog = openAccessLog({ stdout: process.stdout, ...ports, settings: live.current });
    const parts = {
      ...ports,
      accessLog: this.#accessLog,
      config: live,
      gateway,
      hub: this.#hub,
      htmlDir,
    };
    this.#fronts = ports.frontBuilders.flatMap((build) => build(parts));
    this.#lifecycle = this.#createLifecycle();
  }

  #createLifecycle(): Lifecycle {
    return new Lifecycle({
      config: this.#config,
      fronts: this.#fronts,
      polls: this.#polls,
      streams: () => this.#streams,
      clock: this.#clock,
      logger: this.#ports.logger,
      stop: () => this.#stop(),
    });
  }

  get ready(): Ready {
    const { admin } = this.#ports;
    return readyOf({ listeners: this.#listeners, ingress: this.#ingress, fronts: this.#fronts, admin });
  }

  get #readiness(): ReadinessReport {
    const status = this.#lifecycle.readiness(this.#isDegraded);
    return status === "starting" ? { status, reason: this.#startStep } : { status };
  }

  get #config(): Config {
    return this.#live.current;
  }

  async start(): Promise<void> {
    this.#ports.admin?.show({
      setGauges: () => this.#setGauges(),
      fronts: this.#fronts,
      nodes: this.#journal.nodes,
      readiness: () => this.#readiness,
    });
    // A client that finds the hub must find its history too. Until then, its browser tries again.
    const { stopping } = this.#ports;
    await openJournal(this.#journal, stopping);
    this.#hub.expire();
    this.#expiring = this.#clock.every(expireEveryMs, () => this.#hub.expire());
    this.#startStep = "the hub starts its listeners and workers";
    // Before the first stream: other hubs must know this hub before they know its subscriptions.
    this.#journal.nodes?.begin({
      name: nameOfNode(this.#config),
      version: this.#ports.version,
      startedAtMs: this.#clock.now(),
      streams: () => this.#streams,
      isDegraded: () => this.#isDegraded,
    });
    this.#presence.begin();
    for (const front of this.#fronts) this.#listeners.push(...(await front.start(stopping)));
    const { logger, onShutdownRequest } = this.#ports;
    const ports = { clock: this.#clock, logger, metrics: this.#metrics };
    const publishers = new ConnectionDescriptors("publisher", { ...ports, descriptors: this.#descriptors });
    const admit: AdmitPublisher = (socket) => publishers.admit(socket);
    const parts = { ...ports, config: this.#live, admit };
    const sink: PublicationSink = {
      add: this.#journal.add.bind(this.#journal),
      room: () => this.#hub.room() ?? this.#journal.roomOnceUp(),
    };
    const curve = this.#ingestKeys.open({
      file: this.#config.ingestCurve,
      endpoints: ingestEndpoints(this.#config),
      logger,
    });
    for await (const ingress of openIngresses({ ...parts, sink, curve })) this.#ingress.push(ingress);
    this.#control = await openControl(parts, () => onShutdownRequest?.());
    warnOfFewDescriptors(this.#config, this.#descriptors, logger);
    this.#startBeacon();
    this.#lifecycle.started();
  }

  #settingsChanged({ beaconSeconds }: Config): void {
    for (const front of this.#fronts) front.settingsChanged?.();
    if (beaconSeconds !== this.#config.beaconSeconds && this.#lifecycle.phase !== "stopping")
      this.#startBeacon();
  }

  /** Also ends an earlier beacon. */
  #startBeacon(): void {
    this.#beacon?.cancel();
    const { beaconSeconds: seconds } = this.#config;
    const { logger } = this.#ports;
    this.#beacon =
      seconds === undefined
        ? undefined
        : startBeacon({ seconds, journal: this.#journal, clock: this.#clock, logger });
  }

  async publish(input: PublicationInput): Promise<string> {
    const publication = parsePublication(input, this.#config.limits);
    await (this.#hub.room() ?? this.#journal.room());
    const group = this.#journal.begin();
    group.add(publication);
    const [id = ""] = await group.commit();
    return id;
  }

  figures(): Readonly<Record<string, number>> {
    this.#setGauges();
    return this.#metrics.snapshot();
  }

  reload(config: Config = { ...this.#config }): Reloaded {
    checkConfig(config, "reload");
    // Also if the configuration has a fault: the file may have been renamed.
    this.#accessLog?.reopen();
    return this.#reloader.reload(config);
  }

  drain(): Promise<void> {
    return this.#lifecycle.drain();
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  async #stop(): Promise<void> {
    this.#beacon?.cancel();
    this.#expiring?.cancel();
    this.#presence.close();
    this.#polls.close();
    // Publications wait while the journal stores nothing.
    const read = Promise.all(this.#ingress.map((ingress) => ingress.close()));
    await Promise.all([atMost(this.#clock, settleMs, read), this.#control?.close()]);
    await atMost(this.#clock, settleMs, Promise.all(this.#fronts.map((front) => front.settle())));
    await Promise.all(this.#fronts.map((front) => front.close()));
    await Promise.all([this.#accessLog?.close(), this.#webhooks.close()]);
    await this.#ports.certificates?.close();
    await atMost(this.#clock, settleMs, this.#journal.close());
    await this.#ports.admin?.close();
    this.#ports.logger.debug({ figures: this.figures() }, "figures");
  }

  get #isDegraded(): boolean {
    return this.#journal.status.state !== "up" || linkFacts(this.#fronts).linksShared !== undefined;
  }

  #setGauges(): void {
    setGauges(
      {
        version: this.#ports.version,
        limits: this.#config.limits,
        clientDescriptors: this.#descriptors.clientsBelow,
        hub: this.#hub,
        journal: this.#journal,
        fronts: this.#fronts,
        polls: this.#polls.size,
        subscriptions: this.#config.subscriptions ? this.#presence.own : undefined,
        gateway: this.#gateway,
        webhookBytes: this.#webhooks.bytes,
      },
      this.#metrics,
    );
  }

  get #streams(): number {
    return this.#fronts.reduce((sum, { size }) => sum + size, this.#polls.size);
  }

  #createGateway(): Gateway {
    return createGateway({
      config: this.#live,
      hub: this.#hub,
      journal: this.#journal,
      clock: this.#clock,
      logger: this.#ports.logger,
      metrics: this.#metrics,
      streams: () => this.#streams,
      polls: this.#polls,
      facts: () => ({
        streams: this.#streams,
        ...linkFacts(this.#fronts),
        journal: this.#journal.status.state,
      }),
      verifier: this.#verifier,
      isStopping: () => this.#lifecycle.phase === "stopping",
      readiness: () => this.#readiness,
      presence: this.#config.subscriptions ? this.#presence : undefined,
      webhooks: this.#webhooks,
    });
  }
}
