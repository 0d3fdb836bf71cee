import { hostname } from "node:os";
import type { Config } from "./config.js";

/** The name of this hub for operators: the configured one, or the name of the host and the port of the HTTP front. */
export function nameOfNode({ node, http }: Pick<Config, "node" | "http">): string {
  if (node !== undefined) return node;
  return http === "off" || http.port === 0 ? hostname() : `${hostname()}:${http.port}`;
}
