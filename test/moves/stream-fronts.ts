import { silentLogger } from "../../src/base/log.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { TurnBudget } from "../../src/base/turn-budget.js";
import type { CohortSource } from "../../src/delivery/cohort-source.js";
import { Fanout } from "../../src/delivery/fanout.js";
import { LocalCohorts } from "../../src/delivery/local-cohorts.js";
import type { FrontRequest, GatewayPort } from "../../src/fronts/gateway-port.js";
import { StreamChannel } from "../../src/fronts/streams/stream-channel.js";
import type { StreamTarget } from "../../src/fronts/streams/stream-target.js";
import { SocketStreams } from "../../src/fronts/http/socket-streams.js";
import type { Answer, Reply } from "../../src/gateway/http/messages.js";
import { encodeHead } from "../../src/gateway/http/response-head.js";
import { TurnRotation } from "../../src/gateway/limits/turn-rotation.js";
import { planDescriptors } from "../../src/limits/descriptors.js";
import { defaultFanoutLimits } from "../../src/limits/fanout.js";
import type { FanoutLimits } from "../../src/limits/fanout.js";
import type { StreamsToHub, StreamsToWorker } from "../../src/workers/ipc/messages.js";
import type { WorkerSettings } from "../../src/workers/ipc/settings.js";
import { WorkerStreams } from "../../src/workers/primary/worker-streams.js";
import { RemoteHub } from "../../src/workers/worker/remote-hub.js";
import type { FakeSocket } from "./fake-socket.js";
import type { HubWorld } from "./hub-world.js";
import type { ScheduledClock } from "./scheduled-clock.js";
import { ScheduledWay } from "./scheduled-way.js";

/** A front whose ports the schedule drives. */
export interface ScheduledFront {
  /** Passes a request to the gateway. The socket gets the stream or the response. */
  open(request: FrontRequest, socket: FakeSocket): void;
  /** Delivers messages from the hub to the worker, or from Mongrel2 to the front. */
  toWorker(messages: number): void;
  /** Delivers messages from the worker to the hub, or from the front to Mongrel2. */
  toHub(messages: number): void;
  /** The hub tells the worker its position, as every second. */
  tellPosition(): void;
  /** True if no message is under way. */
  readonly isQuiet: boolean;
  /** The number of open streams, in all processes of the front. Polls are not streams. */
  readonly size: number;
  close(): void | Promise<void>;
}

/** The streams of an HTTP front, without Node's parser of requests. */
class Streams {
  readonly #gateway: GatewayPort;
  readonly #fanout: Fanout<StreamTarget>;
  readonly #streams: SocketStreams;

  constructor(gateway: GatewayPort, cohorts: CohortSource, parts: StreamParts) {
    const { clock, limits } = parts;
    const metrics = silentMetrics;
    this.#gateway = gateway;
    const channel = new StreamChannel({ clock, drained: (connection) => this.#fanout.drained(connection) });
    this.#fanout = new Fanout({ front: "http", cohorts, channel, clock, metrics, limits });
    const messageBytes = 256 * 1024;
    const turns = new TurnRotation(new TurnBudget(clock));
    this.#streams = new SocketStreams({
      fanout: this.#fanout,
      clock,
      metrics,
      messageBytes,
      turns,
      hstsSeconds: 0,
    });
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
    if (answer.kind === "reply") return socket.end(encodeReply(answer));
    if (socket.destroyed) return answer.abandoned?.();
    const reply = this.#gateway.admit(request, answer, (start) =>
      this.#streams.open({
        socket: socket.asSocket,
        start,
        reservationFor: (lifetime) => this.#gateway.bodies.reservationFor(request, lifetime),
        isDetached: true,
      }),
    );
    if (reply !== undefined) socket.end(encodeReply(reply));
  }
}

function encodeReply({ status, headers, body }: Reply): Buffer {
  return Buffer.concat([encodeHead(status, [...headers, ["Content-Length", String(body.length)]]), body]);
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
  readonly #atHub: WorkerStreams;
  readonly #atWorker: RemoteHub;
  readonly #streams: Streams;
  readonly #down = new ScheduledWay<StreamsToWorker>((message, body) =>
    this.#atWorker.receive(message, body),
  );
  readonly #up = new ScheduledWay<StreamsToHub>((message, body) => this.#atHub.receive(message, body));

  constructor({ clock, hub, gateway }: HubWorld, limits: Partial<FanoutLimits> = {}) {
    const parts = { clock, limits: { ...defaultFanoutLimits, ...limits } };
    this.#atHub = new WorkerStreams({
      name: "worker",
      hub,
      gateway,
      peer: this.#down,
      clock,
      fanout: parts.limits,
    });
    this.#atWorker = new RemoteHub({
      settings: workerSettings(parts.limits),
      peer: this.#up,
      clock,
      logger: silentLogger,
      metrics: silentMetrics,
    });
    this.#streams = new Streams(this.#atWorker.gateway, this.#atWorker.cohorts, parts);
  }

  get isQuiet(): boolean {
    return this.#down.isEmpty && this.#up.isEmpty;
  }

  get size(): number {
    return this.#streams.size + this.#atHub.size;
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
    this.#atHub.tellStanding();
  }

  close(): void {
    this.#streams.close();
    this.#atHub.close();
  }
}

function workerSettings(fanout: FanoutLimits): WorkerSettings {
  return {
    worker: 1,
    address: "",
    htmlDir: "",
    resources: [],
    corsOrigins: [],
    trustedProxies: [],
    proxyProtocol: [],
    hstsSeconds: 0,
    http2Streams: 256,
    publicUrl: "http://127.0.0.1",
    descriptors: planDescriptors(),
    headBytes: 16_384,
    headerLines: 100,
    bodyBytes: 1024 * 1024,
    requestBytes: 1024 * 1024,
    fanout,
    logLevel: "error",
    accessLog: "off",
    limits: { accessLogBytes: 1024 * 1024 },
    isMeasured: false,
  };
}
