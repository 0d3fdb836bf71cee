import { createRequire } from "node:module";
import type * as ZeroMq from "zeromq";

const load = createRequire(import.meta.url);

/** The sockets of libzmq. Loads this native module at the first use, so that a hub without ZeroMQ does not need it. */
export function libzmq(): typeof ZeroMq {
  return load("zeromq") as typeof ZeroMq;
}
