import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import type { CohortSource } from "../../src/delivery/cohort-source.js";
import { Fanout } from "../../src/delivery/fanout.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import type { FrontRequest, GatewayPort } from "../../src/fronts/http/gateway-port.js";
import { SocketChannel } from "../../src/fronts/http/socket-channel.js";
import type { StreamSocket } from "../../src/fronts/http/socket-channel.js";
import { SocketStreams } from "../../src/fronts/http/socket-streams.js";
import type { Answer } from "../../src/gateway/http/messages.js";
import { planDescriptors } from "../../src/limits/descriptors.js";
import { defaultFanoutLimits } from "../../src/limits/fanout.js";
import type { FanoutLimits } from "../../src/limits/fanout.js";
import type { ToHub, ToWorker } from "../../src/workers/ipc/messages.js";
import { WorkerOutlet } from "../../src/workers/primary/worker-outlet.js";
import { WorkerRequests } from "../../src/workers/primary/worker-requests.js";
import { heartbeat } from "../../src/workers/worker/heartbeat.js";
import { RemoteCohorts } from "../../src/workers/worker/remote-cohorts.js";
import { RemoteGateway } from "../../src/workers/worker/remote-gateway.js";
import type { FakeSocket } from "./fake-socket.js";
import type { HubWorld } from "./hub-world.js";
import type { ScheduledClock } from "./scheduled-clock.js";
import { ScheduledWay } from "./scheduled-way.js";

/** A front whose ports the schedule drives. */
export interface ScheduledFront {
  /** Opens a stream, unless the gateway answers the request with an error. */
  open(request: FrontRequest, socket: FakeSocket): void;
  /** Delivers messages from the hub to the worker, or from Mongrel2 to the front. */
  toWorker(messages: number): void;
  /** Delivers messages from the worker to the hub, or from the front to Mongrel2. */
  toHub(messages: number): void;
  /** The hub tells the worker its position, as every second. */
  tellPosition(): void;
  /** True if no message is under way. */
  readonly isQuiet: boolean;
  /** The number of open streams, in all processes of the front. */
  readonly size: number;
  close(): void | Promise<void>;
}

/** The streams of an HTTP front, without Node's parser of requests. */
class Streams {
  readonly #gateway: GatewayPort;
  readonly #fanout: Fanout<StreamSocket>;
  readonly #streams: SocketStreams;

  constructor(gateway: GatewayPort, cohorts: CohortSource, parts: StreamParts) {
    const { clock, limits } = parts;
    const metrics = silentMetrics;
    this.#gateway = gateway;
    const channel = new SocketChannel({ clock, drained: (connection) => this.#fanout.drained(connection) });
    this.#fanout = new Fanout({ front: "http", cohorts, channel, clock, metrics, limits });
    const messageBytes = 256 * 1024;
    this.#streams = new SocketStreams({ fanout: this.#fanout, clock, metrics, messageBytes });
  }

  get size(): number {
    return this.#fanout.size;
  }

  open(request: FrontRequest, socket: FakeSocket): void {
    const send = (answer: Answer): void => this.#send(request, answer, socket);
    const answer = this.#gateway.handle(request);
    if (answer instanceof Promise) void answer.then(send);
    else send(answer);
  }

  close(): void {
    this.#fanout.close();
  }

  #send(request: FrontRequest, answer: Answer, socket: FakeSocket): void {
    if (answer.kind === "reply") return socket.destroy();
    if (socket.destroyed) return answer.abandoned?.();
    const reply = this.#gateway.admit(request, answer, (start) =>
      this.#streams.open({
        socket: socket.asSocket,
        start,
        reservationFor: (lifetime) => this.#gateway.bodies.reservationFor(request, lifetime),
        isDetached: true,
      }),
    );
    if (reply !== undefined) socket.destroy();
  }
}

interface StreamParts {
  readonly clock: ScheduledClock;
  readonly limits: FanoutLimits;
}

export function createLocalFront(world: HubWorld, limits: Partial<FanoutLimits> = {}): ScheduledFront {
  const parts = { clock: world.clock, limits: { ...defaultFanoutLimits, ...limits } };
  const cohorts = new LocalCohorts({
    name: "http",
    hub: world.hub,
    pageCacheBytes: parts.limits.pageCacheBytes,
  });
  const streams = new Streams(world.gateway, cohorts, parts);
  return {
    open: (request, socket) => streams.open(request, socket),
    toWorker: () => undefined,
    toHub: () => undefined,
    tellPosition: () => undefined,
    isQuiet: true,
    get size() {
      return streams.size;
    },
    close: () => streams.close(),
  };
}

/** The front of one worker, and its part of the hub. Only the messages between the two are the schedule's. */
export class WorkerWorld implements ScheduledFront {
  readonly #outlet: WorkerOutlet;
  readonly #requests: WorkerRequests;
  readonly #cohorts: RemoteCohorts;
  readonly #gateway: RemoteGateway;
  readonly #streams: Streams;
  readonly #down = new ScheduledWay<ToWorker>((message, body) => this.#takeAtWorker(message, body));
  readonly #up = new ScheduledWay<ToHub>((message, body) => this.#takeAtHub(message, body));

  constructor({ clock, hub, gateway }: HubWorld, limits: Partial<FanoutLimits> = {}) {
    const parts = { clock, limits: { ...defaultFanoutLimits, ...limits } };
    const { roundBytes, pageCacheBytes } = parts.limits;
    this.#outlet = new WorkerOutlet({ name: "worker", hub, peer: this.#down, clock, roundBytes });
    this.#requests = new WorkerRequests({ gateway, outlet: this.#outlet, peer: this.#down });
    this.#cohorts = new RemoteCohorts({ peer: this.#up, heartbeat, pageCacheBytes });
    this.#gateway = new RemoteGateway({
      settings: workerSettings(parts.limits),
      peer: this.#up,
      cohorts: this.#cohorts,
      clock,
      logger: silentLogger,
      metrics: silentMetrics,
    });
    this.#streams = new Streams(this.#gateway, this.#cohorts, parts);
  }

  get isQuiet(): boolean {
    return this.#down.isEmpty && this.#up.isEmpty;
  }

  get size(): number {
    return this.#streams.size + this.#requests.size;
  }

  open(request: FrontRequest, socket: FakeSocket): void {
    this.#streams.open(request, socket);
  }

  toWorker(messages: number): void {
    this.#down.deliver(messages);
  }

  toHub(messages: number): void {
    this.#up.deliver(messages);
  }

  tellPosition(): void {
    this.#outlet.tellStanding();
  }

  close(): void {
    this.#streams.close();
    this.#outlet.close();
    this.#requests.close();
  }

  #takeAtWorker(message: ToWorker, body: Buffer): void {
    switch (message.kind) {
      case "batch":
        return this.#cohorts.take(message, body);
      case "page":
        return this.#cohorts.takePage(message, body);
      case "stream":
        return this.#gateway.start(message, body);
      case "message-result":
        return this.#gateway.messageResult(message, body);
      case "removed":
        return this.#cohorts.remove(message.cohort);
      case "reply":
        return this.#gateway.reply(message, body);
      case "standing":
        return this.#cohorts.stand(message);
      case "read-body":
      case "settle":
      case "close":
        throw new Error(`the hub sent ${message.kind}`);
      default:
        message satisfies never;
    }
  }

  #takeAtHub(message: ToHub, body: Buffer): void {
    switch (message.kind) {
      case "request":
        return this.#requests.request(message);
      case "message":
        return this.#requests.message(message, body);
      case "ended":
        return this.#requests.ended(message.request);
      case "taken":
        return this.#outlet.taken(message);
      case "ask":
        return this.#outlet.ask(message);
      case "hold":
        return this.#outlet.hold(message.cohort, message.on);
      case "body":
      case "closed":
      case "metrics":
      case "up":
      case "settled":
        throw new Error(`the worker sent ${message.kind}`);
      default:
        message satisfies never;
    }
  }
}

function workerSettings(fanout: FanoutLimits): ConstructorParameters<typeof RemoteGateway>[0]["settings"] {
  return {
    worker: 1,
    address: "",
    socketPath: "",
    htmlDir: "",
    resources: [],
    corsOrigins: [],
    trustedProxies: [],
    descriptors: planDescriptors(),
    headBytes: 16_384,
    headerLines: 100,
    bodyBytes: 1024 * 1024,
    requestBytes: 1024 * 1024,
    fanout,
    logLevel: "error",
  };
}
