import { PharosError } from "../base/errors.js";

/** Where a ZeroMQ socket binds or connects. Only {@link parseEndpoint} makes one. */
export interface Endpoint {
  readonly mode: "bind" | "connect";
  /** What ZeroMQ is given: `tcp://HOST:PORT` or `ipc://PATH`. */
  readonly address: string;
  readonly transport: "tcp" | "ipc";
  /** False when programs on other machines may reach the socket, or it reaches them: worth a warning for a bind. */
  readonly isLoopback: boolean;
}

const allowed =
  "allowed are tcp://HOST:PORT and ipc://PATH, with @ before it to bind or > to connect, for instance @tcp://127.0.0.1:9997";

/** The kernel's limit for the path of a local socket, without the closing NUL [unix(7)]. */
const maxPathBytes = 107;

/**
 * Parses an endpoint as CZMQ writes it: `@tcp://127.0.0.1:9997` binds, `>ipc://path` connects, and one
 * without a sign does as `defaultMode` says. A bind may ask for a free port (`*` or `0`) or every interface
 * (`*`); a connect names both. `localhost` is bound as 127.0.0.1, since ZeroMQ binds to no names.
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
    throw refusal(text, "to connect, name a host and a port from 1 to 65535");
  const bound = mode === "bind" && host === "localhost" ? "127.0.0.1" : host;
  const isLoopback = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/.test(host);
  // Only `*` asks libzmq for a free port in every release; `0` is the form that other programs use.
  const address = `tcp://${bound}:${Number(port) === 0 ? "*" : port}`;
  return { mode, address, transport: "tcp", isLoopback };
}

function ipcEndpoint(text: string, mode: Endpoint["mode"], path: string): Endpoint {
  if (/[\s,\p{Cc}]/u.test(path))
    throw refusal(text, "an ipc path holds no spaces, commas or control characters");
  if (Buffer.byteLength(path) > maxPathBytes)
    throw refusal(text, `an ipc path may have at most ${maxPathBytes} bytes`);
  if (path === "*") throw refusal(text, "name the ipc path; nobody could find a random one");
  return { mode, address: `ipc://${path}`, transport: "ipc", isLoopback: true };
}

function refusal(text: string, why: string): PharosError {
  return new PharosError("bad-endpoint", `${JSON.stringify(text)} is not a usable endpoint: ${why}`);
}
