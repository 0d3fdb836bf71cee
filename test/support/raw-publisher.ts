import { connect, type NetConnectOpts, type Socket } from "node:net";

/** A short frame of ZMTP 3.1. */
export function zmtpFrame(body: string | Buffer, flags = 0): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from([flags, bytes.length]), bytes]);
}

/** The greeting of a publisher without security. */
export const zmtpGreeting: Buffer = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from("NULL".padEnd(52, "\0")),
]);

/** The command READY of a socket type. */
export function zmtpReady(socketType = "PUSH"): Buffer {
  const text = `\x05READY\x0bSocket-Type\0\0\0${String.fromCharCode(socketType.length)}${socketType}`;
  return zmtpFrame(text, 4);
}

/**
 * Connects, publishes one message and leaves, as one ZeroMQ publisher of very many does. If the hub closes the connection
 * before its greeting, the function tries again every 100 ms. Returns the number of attempts.
 */
export async function publishRaw(options: NetConnectOpts, frames: readonly string[]): Promise<number> {
  const message = Buffer.concat(
    frames.map((frame, index) => zmtpFrame(frame, index < frames.length - 1 ? 1 : 0)),
  );
  for (let attempts = 1; ; attempts += 1) {
    if (await attempt(connect(options), message)) return attempts;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Publishes when the hub has accepted the publisher. Returns false if the hub has closed the connection before. */
function attempt(socket: Socket, message: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    let isAccepted = false;
    socket.on("error", () => undefined).on("close", () => resolve(isAccepted));
    socket.write(Buffer.concat([zmtpGreeting, zmtpReady()]));
    socket.once("data", () => {
      isAccepted = true;
      socket.end(message);
    });
  });
}
