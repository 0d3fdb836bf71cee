import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import type { Endpoint } from "../../zeromq/endpoint.js";
import { openLibzmqSource } from "../../zeromq/libzmq-source.js";
import type { MessageSource } from "../../zeromq/message-source.js";
import { PullServer } from "../../zeromq/zmtp/pull-server.js";
import type { CurveGate } from "./curve-gate.js";

export interface SourceOptions {
  readonly endpoint: Endpoint;
  /** The largest frame in bytes. A publisher that sends a larger frame is disconnected, and its message is dropped. */
  readonly maxFrameBytes: number;
  /** The messages that libzmq queues for each publisher. Endpoints without libzmq queue one message. */
  readonly queuedMessages: number;
  /** The check of keys. @default none */
  readonly gate?: CurveGate | undefined;
  /** Returns false after it has closed a connection that no publisher may have. @default accepts all */
  readonly admit?: AdmitPublisher | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Decides on a new connection of a publisher, before the hub reads from it. */
export type AdmitPublisher = (socket: Socket) => boolean;

/** The frames of a message that are kept: one more than a valid message may have, so that the hub can refuse the message. */
const mostFrames = 4;

/**
 * Opens the socket of an endpoint.
 *
 * @throws PharosError `bad-endpoint` if the address cannot be bound or connected
 */
export function openSource(options: SourceOptions): Promise<MessageSource> {
  const { endpoint, gate, maxFrameBytes, queuedMessages, admit = () => true } = options;
  // Node 20 pads names without a file [unix(7), abstract], so publishers with libzmq would not find them.
  const isAbstract = endpoint.address.startsWith("ipc://@");
  if (endpoint.mode === "bind" && gate === undefined && !isAbstract)
    return PullServer.open({ ...options, mostFrames, admit });
  return openLibzmqSource(
    endpoint,
    { receiveHighWaterMark: queuedMessages, maxMessageSize: maxFrameBytes, ...gate?.socketOptions },
    (socket) => gate?.watch(socket),
  );
}
