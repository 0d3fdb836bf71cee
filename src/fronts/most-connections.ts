import type { Config } from "../config/config.js";

/** For the page, health checks, and requests that are answered with an error. */
const withoutStream = 1000;

/** The most connections of the HTTP front, with and without a stream. */
export function mostConnections({ limits }: Config): number {
  return limits.connections + withoutStream;
}
