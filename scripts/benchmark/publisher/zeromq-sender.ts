import { Push } from "zeromq";
import type { Sender } from "./sender.js";

/** Publishes over ZeroMQ. Waits while the socket's queue of 1,000 messages is full. */
export function connectZeromq(
  endpoint: string,
  frames: (stream: number, payload: string) => string[],
): Sender {
  const socket = new Push({ sendHighWaterMark: 1000, sendTimeout: 0 });
  socket.connect(endpoint);
  const sendWaiting = async (message: string[]): Promise<void> => {
    socket.sendTimeout = -1;
    await socket.send(message);
    socket.sendTimeout = 0;
  };
  return {
    send: (stream, payload) => {
      const message = frames(stream, payload);
      if (!socket.writable) return sendWaiting(message);
      // The code does not await each message, because waiting makes it several times slower. Without a time-out, a
      // writable socket queues the message before `send` returns.
      socket.send(message).catch(fail);
      return undefined;
    },
  };
}

function fail(error: unknown): never {
  throw error;
}
