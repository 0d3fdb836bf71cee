import type { LogLevel } from "../../base/log.js";
import type { DescriptorPlan } from "../../limits/descriptors.js";
import type { AcceptedAt } from "../../fronts/listen/listener.js";
import type { TlsMaterial } from "../../fronts/tls/certificate-store.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { ServedPath } from "../../gateway/http/resource.js";

/** The settings that a worker gets at its start, over the channel that also transfers its connections. */
export interface WorkerSettings {
  /** The number of the worker, from 1. */
  readonly worker: number;
  /** The address at which the hub binds its end of the ZeroMQ pair. */
  readonly address: string;
  readonly htmlDir: string;
  /** The paths of the gateway's resources, for routing. */
  readonly resources: readonly ServedPath[];
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly proxyProtocol: readonly string[];
  readonly hstsSeconds: number;
  readonly http2Streams: number;
  /** The URL of the hub for its clients: its port is for redirects to https. */
  readonly publicUrl: string;
  /** The certificates at the start of the worker; undefined if no listener is secure. */
  readonly tls?: TlsMaterial | undefined;
  readonly headBytes: number;
  readonly headerLines: number;
  readonly bodyBytes: number;
  /** This worker's share of the memory for request bodies. */
  readonly requestBytes: number;
  readonly fanout: FanoutLimits;
  /** The plan of the hub's process. A worker has the same limit, because it inherits the limit. */
  readonly descriptors: DescriptorPlan;
  readonly logLevel: LogLevel;
  /** As the setting `accessLog`: each worker appends its own lines to the file. */
  readonly accessLog: string;
  readonly limits: {
    /** The most bytes of lines of the access log that wait in each worker. */
    readonly accessLogBytes: number;
  };
  /** True if the worker reports what its process uses. The measurement needs a timer every ten milliseconds. */
  readonly isMeasured: boolean;
}

/** The settings that a running worker changes. */
export type ChangedSettings = Pick<
  WorkerSettings,
  "corsOrigins" | "trustedProxies" | "requestBytes" | "fanout" | "logLevel"
>;

export function changedSettings(settings: ChangedSettings): ChangedSettings {
  const { corsOrigins, trustedProxies, requestBytes, fanout, logLevel } = settings;
  return { corsOrigins, trustedProxies, requestBytes, fanout, logLevel };
}

/** The message that the hub sends with each connection. */
export interface HandedOver {
  /** The number of the connection, counted from 1 for each worker in the order of sending. */
  readonly connection: number;
  readonly at: AcceptedAt;
}

/**
 * Parses the hub's first message. The function does not validate the message, because the hub runs the same program.
 */
export function parseWorkerSettings(message: unknown): WorkerSettings {
  return message as WorkerSettings;
}

/** Parses the hub's further messages. */
export function parseHandedOver(message: unknown): HandedOver {
  return message as HandedOver;
}
