import type { Clock } from "../base/clock.js";
import { PharosError } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Config } from "../config/config.js";
import type { PublicationSink } from "../ingress/publication-sink.js";
import { ControlSocket } from "../ingress/zeromq/control-socket.js";
import type { AdmitPublisher } from "../ingress/zeromq/open-source.js";
import { ZeroMqIngress, defaultIngressLimits } from "../ingress/zeromq/zeromq-ingress.js";
import { parseEndpoint } from "../zeromq/endpoint.js";
import { readIngestKeys } from "./ingest-keys.js";

export interface IngressParts {
  readonly config: Config;
  readonly sink: PublicationSink;
  /** Decides on each new publisher. */
  readonly admit: AdmitPublisher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Opens the configured endpoints one by one, so that the caller can close the earlier ones if a later endpoint fails.
 */
export async function* openIngresses(parts: IngressParts): AsyncGenerator<ZeroMqIngress, void> {
  const { config, logger } = parts;
  const endpoints = config.ingest.map((endpoint) => parseEndpoint(endpoint, "bind"));
  const curve = readIngestKeys({ file: config.ingestCurve, endpoints, logger });
  // A frame may be as large as the data of a publication.
  const frameBytes = Math.max(defaultIngressLimits.frameBytes, config.limits.dataBytes);
  for (const endpoint of endpoints)
    yield await namingOption(
      "--ingest",
      ZeroMqIngress.open({
        ...parts,
        endpoint,
        curve,
        publicationLimits: config.limits,
        limits: { frameBytes },
      }),
    );
}

/** Opens the endpoint at which programs can stop the hub; undefined if none is configured. */
export async function openControl(
  { config, ...parts }: Omit<IngressParts, "sink" | "metrics">,
  onShutdown: () => void,
): Promise<ControlSocket | undefined> {
  if (config.control === undefined) return undefined;
  const endpoint = parseEndpoint(config.control, "bind");
  return namingOption("--control", ControlSocket.open({ ...parts, endpoint, onShutdown }));
}

/** An error of the socket names only the address, so this function adds the option to the message. */
async function namingOption<T>(option: string, opened: Promise<T>): Promise<T> {
  try {
    return await opened;
  } catch (error) {
    if (!(error instanceof PharosError)) throw error;
    throw new PharosError(error.code, `${option}: ${error.message}`, { cause: error.cause });
  }
}
