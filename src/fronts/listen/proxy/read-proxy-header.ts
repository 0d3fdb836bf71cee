import type { Socket } from "node:net";
import type { Clock } from "../../../base/clock.js";
import { ProxyHeaderParser } from "./proxy-header-parser.js";
import type { ProxyHeader } from "./proxy-header.js";

export interface ReadProxyHeaderOptions {
  readonly clock: Clock;
  /** Gets the header. The socket is paused, and its next bytes are those behind the header. */
  readonly found: (header: ProxyHeader) => void;
  /** Called if the socket brings no valid header, with the reason. The socket is still open. */
  readonly failed: (reason: string) => void;
}

/**
 * The time for a proxy to send the header, in milliseconds. Proxies send it together with the connection, so the time
 * covers one packet that is lost, and sent again.
 */
export const headerWithinMs = 5000;

/**
 * Reads the PROXY header from a paused socket. Calls one of the callbacks, once. Calls none if the proxy closes a
 * connection on which it has sent nothing, as it does to check whether the hub listens.
 */
export function readProxyHeader(socket: Socket, { clock, found, failed }: ReadProxyHeaderOptions): void {
  const parser = new ProxyHeaderParser();
  const late = clock.after(headerWithinMs, () => fail(`no header within ${headerWithinMs / 1000} s`));
  const stop = (): void => {
    late.cancel();
    socket.off("data", take).off("end", end).off("close", stop).off("error", ignore);
    socket.pause();
  };
  const fail = (reason: string): void => {
    stop();
    failed(reason);
  };
  const end = (): void => {
    if (socket.bytesRead > 0) return fail("the connection ended in the header");
    stop();
    socket.destroy();
  };
  const take = (bytes: Buffer): void => {
    const progress = parser.push(bytes);
    if (progress.kind === "incomplete") return;
    if (progress.kind === "malformed") return fail(progress.fault);
    stop();
    if (progress.rest.length > 0) socket.unshift(progress.rest);
    found(progress.header);
  };
  socket.on("data", take).on("end", end).on("close", stop).on("error", ignore);
  socket.resume();
}

/** Node closes the socket after an error. */
function ignore(): void {}
