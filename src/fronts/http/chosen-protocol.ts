import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";

/** The protocols that a client may choose. */
export type HttpProtocol = "http/1" | "h2";

export interface ChosenProtocolOptions {
  readonly clock: Clock;
  /** True if the client may begin with HTTP/2 without TLS. */
  readonly mayBegin: () => boolean;
  /** Gets the protocol. The socket then emits the first bytes of the client. */
  readonly chosen: (protocol: HttpProtocol) => void;
}

/** The first bytes of HTTP/2 [RFC 9113 3.4]. No request of HTTP/1 begins like that. */
const beginning = Buffer.from("PRI ");

/** The time for a client to send these bytes, in milliseconds: that for the head of a request. */
const beginsWithinMs = 60_000;

/**
 * Finds the protocol of a paused socket: with TLS, the client has chosen it in the handshake. Without TLS, the first bytes
 * tell [RFC 9113 3.3]. A client that sends nothing is disconnected after a time.
 */
export function chosenProtocol(socket: Socket, { clock, mayBegin, chosen }: ChosenProtocolOptions): void {
  if (Reflect.get(socket, "alpnProtocol") === "h2") return chosen("h2");
  if (!mayBegin()) return chosen("http/1");
  const late = clock.after(beginsWithinMs, () => socket.destroy());
  let begun = Buffer.alloc(0);
  const stop = (): void => {
    late.cancel();
    socket.off("data", take).off("end", end).off("close", stop).off("error", ignore);
    socket.pause();
  };
  const choose = (protocol: HttpProtocol): void => {
    stop();
    chosen(protocol);
    // The bytes do not go back into the socket: from there, they would come a turn later, maybe together with the end of
    // the client's side.
    socket.emit("data", begun);
  };
  const take = (bytes: Buffer): void => {
    begun = Buffer.concat([begun, bytes]);
    const known = Math.min(begun.length, beginning.length);
    if (!begun.subarray(0, known).equals(beginning.subarray(0, known))) choose("http/1");
    else if (known === beginning.length) choose("h2");
  };
  const end = (): void => {
    stop();
    socket.destroy();
  };
  socket.on("data", take).on("end", end).on("close", stop).on("error", ignore);
  socket.resume();
}

/** Node closes the socket after an error. */
function ignore(): void {}
