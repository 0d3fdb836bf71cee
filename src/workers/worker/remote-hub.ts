import type { StreamsToWorker } from "../ipc/messages.js";
import { quietBytes } from "./quiet-bytes.js";
import { RemoteCohorts } from "./remote-cohorts.js";
import { RemoteGateway } from "./remote-gateway.js";
import type { RemoteGatewayOptions } from "./remote-gateway.js";

/** The hub as a worker's front sees it. {@link WorkerStreams} is the other end. */
export class RemoteHub {
  readonly cohorts: RemoteCohorts;
  readonly gateway: RemoteGateway;

  constructor(options: Omit<RemoteGatewayOptions, "cohorts">) {
    const { peer, settings } = options;
    const { pageCacheBytes } = settings.fanout;
    this.cohorts = new RemoteCohorts({ peer, quietBytes, pageCacheBytes });
    this.gateway = new RemoteGateway({ ...options, cohorts: this.cohorts });
  }

  receive(message: StreamsToWorker, body: Buffer): void {
    switch (message.kind) {
      case "batch":
        return this.cohorts.take(message, body);
      case "page":
        return this.cohorts.takePage(message, body);
      case "stream":
        return this.gateway.start(message, body);
      case "message-result":
        return this.gateway.messageResult(message, body);
      case "removed":
        return this.cohorts.remove(message.cohort);
      case "reply":
        return this.gateway.reply(message, body);
      case "withdraw":
        return this.gateway.withdraw(message, body);
      case "read-body":
        return this.gateway.readBody(message.request);
      case "forget":
        return this.cohorts.forget(message.upTo);
      case "standing":
        return this.cohorts.stand(message);
      default:
        message satisfies never;
    }
  }
}
