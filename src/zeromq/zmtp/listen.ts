import { lstatSync, unlinkSync } from "node:fs";
import { connect, type ListenOptions, type Server } from "node:net";
import { messageOf, PharosError } from "../../base/errors.js";
import type { Endpoint } from "../endpoint.js";

/**
 * Lets `server` listen at an endpoint, and returns its address with the real port. If another program that has ended
 * left the file of an `ipc` endpoint, this function replaces the file.
 *
 * @throws PharosError `bad-endpoint` if the endpoint cannot be bound
 */
export async function listen(server: Server, { address }: Endpoint): Promise<string> {
  const options = listenOptions(address);
  try {
    await listenOnce(server, options).catch(async (error: unknown) => {
      if (options.path === undefined || !(await isLeftover(options.path))) throw error;
      unlinkSync(options.path);
      await listenOnce(server, options);
    });
  } catch (cause) {
    throw new PharosError("bad-endpoint", `cannot bind ${address}: ${messageOf(cause)}`, { cause });
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? address.replace(/\*$/, String(bound.port)) : address;
}

function listenOptions(address: string): ListenOptions {
  const [, transport, place = ""] = /^(tcp|ipc):\/\/(.+)$/s.exec(address) ?? [];
  if (transport === "ipc") return { path: place };
  const [, host = "", port = ""] = /^(.+):(\*|\d+)$/.exec(place) ?? [];
  return { host: host.replace(/^\[|\]$/g, ""), port: port === "*" ? 0 : Number(port) };
}

function listenOnce(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** True if the path is a socket at which no program listens. */
async function isLeftover(path: string): Promise<boolean> {
  if (!lstatSync(path).isSocket()) return false;
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  });
}
