import { hostname } from "node:os";
import type { Config } from "./config.js";

/** The name of this hub for operators: the configured one, or the name of the host and the first port of the HTTP front. */
export function nameOfNode({ node, http, https }: Pick<Config, "node" | "http" | "https">): string {
  if (node !== undefined) return node;
  const port = [...http, ...https]
    .map((address) => (address.kind === "tcp" ? address.port : 0))
    .find((each) => each > 0);
  return port === undefined ? hostname() : `${hostname()}:${port}`;
}
