import type { Clock } from "../base/clock.js";
import type { Live } from "../base/live/live.js";
import { PharosError } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Config } from "../config/config.js";
import type { PublicationSink } from "../ingress/publication-sink.js";
import { ControlSocket } from "../ingress/zeromq/control-socket.js";
import type { AdmitPublisher } from "../ingress/zeromq/open-source.js";
import { ZeroMqIngress, defaultIngressLimits } from "../ingress/zeromq/zeromq-ingress.js";
import type { CurveServer } from "../zeromq/curve/keys.js";
import { parseEndpoint, type Endpoint } from "../zeromq/endpoint.js";

export interface IngressParts {
  readonly config: Live<Config>;
  readonly sink: PublicationSink;
  /** The keys for endpoints that other machines can reach. The clients are read at each use. */
  readonly curve: CurveServer | undefined;
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
  const { config } = parts;
  // A frame may be as large as the data of a publication.
  const frameBytes = Math.max(defaultIngressLimits.frameBytes, config.current.limits.dataBytes);
  const publicationLimits = config.derive(({ limits }) => limits);
  for (const endpoint of ingestEndpoints(config.current))
    yield await namingOption(
      "--ingest",
      ZeroMqIngress.open({
        ...parts,
        endpoint,
        publicationLimits,
        limits: { frameBytes },
      }),
    );
}

/** The configured endpoints of publishers. */
export function ingestEndpoints({ ingest }: Pick<Config, "ingest">): readonly Endpoint[] {
  return ingest.map((endpoint) => parseEndpoint(endpoint, "bind"));
}

/** Opens the endpoint at which programs can stop the hub; undefined if none is configured. */
export async function openControl(
  { config, ...parts }: Omit<IngressParts, "sink" | "metrics" | "curve">,
  onShutdown: () => void,
): Promise<ControlSocket | undefined> {
  const { control } = config.current;
  if (control === undefined) return undefined;
  const endpoint = parseEndpoint(control, "bind");
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
