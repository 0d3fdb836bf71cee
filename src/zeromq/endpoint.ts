import { PharosError } from "../base/errors.js";
import { isLoopback } from "../base/loopback.js";

/** An address that a ZeroMQ socket binds or connects. Only {@link parseEndpoint} creates an endpoint. */
export interface Endpoint {
  readonly mode: "bind" | "connect";
  /** The address for ZeroMQ: `tcp://HOST:PORT` or `ipc://PATH`. */
  readonly address: string;
  readonly transport: "tcp" | "ipc";
  /** False if the peer may be on another machine. */
  readonly isLoopback: boolean;
}

const allowed =
  "allowed are tcp://HOST:PORT and ipc://PATH; a leading @ binds the endpoint, a leading > connects to it, for instance @tcp://127.0.0.1:9997";

/** The longest socket path on Linux, without the closing NUL [unix(7)]. */
const maxPathBytes = 107;

/**
 * Parses an endpoint in CZMQ's notation: `@tcp://127.0.0.1:9997` binds, and `>ipc://path` connects. Without `@` or `>`,
 * `defaultMode` decides. An endpoint to bind may name a free port (`*` or `0`) or all interfaces (`*`). An endpoint to
 * connect needs a host and a port. `localhost` is bound as 127.0.0.1, because ZeroMQ cannot bind host names.
 *
 * @throws PharosError `bad-endpoint` for anything else
 */
export function parseEndpoint(text: string, defaultMode: Endpoint["mode"]): Endpoint {
  const [, sign = "", transport, place = ""] = /^([@>]?)(tcp|ipc):\/\/(.+)$/s.exec(text) ?? [];
  const mode = sign === "" ? defaultMode : sign === "@" ? "bind" : "connect";
  if (transport === "tcp") return tcpEndpoint(text, mode, place);
  if (transport === "ipc") return ipcEndpoint(text, mode, place);
  throw refusal(text, allowed);
}

function tcpEndpoint(text: string, mode: Endpoint["mode"], place: string): Endpoint {
  const match = /^(\*|\[[0-9A-Fa-f:.%a-z]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*)):(\*|\d{1,5})$/.exec(place);
  const [, host = "", port = ""] = match ?? [];
  if (match === null || Number(port) > 65_535) throw refusal(text, allowed);
  if (mode === "connect" && (host === "*" || port === "*" || Number(port) === 0))
    throw refusal(text, "an endpoint to connect to needs a host and a port from 1 to 65535");
  const bound = mode === "bind" && host === "localhost" ? "127.0.0.1" : host;
  // In every release of libzmq, `*` means a free port. Other programs also write `0`, so this function replaces `0` by
  // `*`.
  const address = `tcp://${bound}:${Number(port) === 0 ? "*" : port}`;
  return { mode, address, transport: "tcp", isLoopback: isLoopback(host) };
}

function ipcEndpoint(text: string, mode: Endpoint["mode"], path: string): Endpoint {
  if (/[\s,\p{Cc}]/u.test(path))
    throw refusal(text, "an ipc path must not contain spaces, commas or control characters");
  if (Buffer.byteLength(path) > maxPathBytes)
    throw refusal(text, `an ipc path may have at most ${maxPathBytes} bytes, not ${Buffer.byteLength(path)}`);
  if (path === "*")
    throw refusal(text, "an ipc path must not be *, since publishers could not find a random path");
  return { mode, address: `ipc://${path}`, transport: "ipc", isLoopback: true };
}

function refusal(text: string, why: string): PharosError {
  return new PharosError("bad-endpoint", `${JSON.stringify(text)} is not a usable endpoint: ${why}`);
}
