import type { Config } from "../config/config.js";

/**
 * The number of connections beyond the streams, for the page, health checks, and requests that get an error response.
 */
const withoutStream = 1000;

/** The limit of connections of the HTTP front, with and without a stream. */
export function mostConnections({ limits }: Config): number {
  return limits.connections + withoutStream;
}
