import { setTimeout as sleep } from "node:timers/promises";
import { Push, Subscriber } from "zeromq";
import { answerCalls } from "../../../support/ipc.js";

/** The requests of the test to a child process that simulates the two sockets of a Mongrel2 server. */
export type RestartingServerProtocol = {
  readonly start: { readonly ask: null; readonly answer: { readonly send: string; readonly recv: string } };
  /** The child process answers, then closes both sockets, and binds both again. */
  readonly restart: { readonly ask: null; readonly answer: void };
  /** The messages that arrived since the last restart. */
  readonly received: { readonly ask: null; readonly answer: readonly string[] };
};

let endpoints = { send: "tcp://127.0.0.1:*", recv: "tcp://127.0.0.1:*" };
let sockets: readonly (Push | Subscriber)[] = [];
let received: string[] = [];

async function bind(): Promise<void> {
  const push = new Push({ linger: 0 });
  const subscriber = new Subscriber({ linger: 0 });
  await bindWhenFree(push, endpoints.send);
  await bindWhenFree(subscriber, endpoints.recv);
  endpoints = { send: push.lastEndpoint ?? "", recv: subscriber.lastEndpoint ?? "" };
  subscriber.subscribe();
  sockets = [push, subscriber];
  received = [];
  void read(subscriber, received);
}

/**
 * Tries to bind until the address is free. After `close`, the address stays in use until ZeroMQ's own thread releases
 * the address. No event reports the release.
 */
async function bindWhenFree(socket: Push | Subscriber, endpoint: string): Promise<void> {
  for (;;) {
    try {
      await socket.bind(endpoint);
      return;
    } catch (error) {
      if (!isInUse(error)) throw error;
      await sleep(10);
    }
  }
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

async function read(subscriber: Subscriber, into: string[]): Promise<void> {
  for await (const [frame] of subscriber) into.push(frame?.toString() ?? "");
}

async function restart(): Promise<void> {
  for (const socket of sockets) socket.close();
  await bind();
}

answerCalls<RestartingServerProtocol>({
  start: async () => {
    await bind();
    return endpoints;
  },
  restart: () => void setTimeout(() => void restart(), 100),
  received: () => received,
});
