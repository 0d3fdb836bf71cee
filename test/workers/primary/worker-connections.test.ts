import { Socket } from "node:net";
import { expect, test } from "vitest";
import { WorkerConnections } from "../../../src/workers/primary/worker-connections.js";

interface Added {
  readonly number: number;
  readonly socket: Socket;
  readonly calls: string[];
}

function add(connections: WorkerConnections, named?: (peer: string) => boolean): Added {
  const socket = new Socket();
  const calls: string[] = [];
  const number = connections.add(socket, {
    closed: () => void calls.push("closed"),
    failed: () => void calls.push("failed"),
    ...(named === undefined ? {} : { named }),
  });
  return { number, socket, calls };
}

test("numbers are counted from 1 in order", () => {
  const connections = new WorkerConnections();
  expect([add(connections), add(connections)].map(({ number }) => number)).toEqual([1, 2]);
  expect(connections.size).toBe(2);
});

test("the hub's own descriptor is closed when the worker has one, and the connection counts on", () => {
  const connections = new WorkerConnections();
  const { number, socket, calls } = add(connections);
  connections.sent(number);
  expect(socket.destroyed).toBe(true);
  expect(connections.size).toBe(1);
  connections.closed(number);
  expect(calls).toEqual(["closed"]);
  expect(connections.size).toBe(0);
});

test("a client that the worker names is counted once, even before the hub knows that the worker has it", () => {
  const connections = new WorkerConnections();
  const peers: string[] = [];
  const { number, socket } = add(connections, (peer) => {
    peers.push(peer);
    return false;
  });
  expect(connections.named(number, "198.51.100.7")).toBe(false);
  expect(socket.destroyed).toBe(true);
  expect(connections.named(number, "198.51.100.8")).toBe(true);
  expect(peers).toEqual(["198.51.100.7"]);
});

test("a client that is named after the end of its connection, or of its worker, is not counted", () => {
  const connections = new WorkerConnections();
  const peers: string[] = [];
  const named = (peer: string): boolean => peers.push(peer) > 0;
  const [closed, lost] = [add(connections, named), add(connections, named)];
  connections.sent(closed.number);
  connections.closed(closed.number);
  connections.sent(lost.number);
  connections.end();
  for (const { number } of [closed, lost]) expect(connections.named(number, "198.51.100.7")).toBe(true);
  expect(peers).toEqual([]);
});

test("one that cannot be sent stays open, for another worker", () => {
  const connections = new WorkerConnections();
  const { number, socket, calls } = add(connections);
  connections.failed(number);
  expect(calls).toEqual(["failed"]);
  expect(socket.destroyed).toBe(false);
});

test("at the worker's end what it had is gone, and what it had not stays open for another", () => {
  const connections = new WorkerConnections();
  const [had, waiting] = [add(connections), add(connections)];
  connections.sent(had.number);
  connections.end();
  expect([had.calls, waiting.calls]).toEqual([["closed"], ["failed"]]);
  expect(waiting.socket.destroyed).toBe(false);
  expect(connections.size).toBe(0);
});

test("what is told of a connection after its end changes nothing", () => {
  // Node may call the callback when another worker already has the connection.
  const connections = new WorkerConnections();
  const { number, socket, calls } = add(connections);
  connections.end();
  connections.sent(number);
  connections.failed(number);
  connections.closed(number);
  expect(calls).toEqual(["failed"]);
  expect(socket.destroyed).toBe(false);
});
