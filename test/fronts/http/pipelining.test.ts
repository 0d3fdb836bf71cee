import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { Pipelining } from "../../../src/fronts/http/pipelining.js";

interface Exchange {
  readonly response: ServerResponse;
  /** Finishes the response. */
  finish(): void;
}

function exchangeOn(socket: Socket, options: { readonly complete: boolean } = { complete: true }): Exchange {
  const request = new IncomingMessage(socket);
  request.complete = options.complete;
  const response = new ServerResponse(request);
  return { response, finish: () => void response.emit("close") };
}

describe("requests of one connection", () => {
  it("run one after the other, in order", () => {
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    const exchanges = ["a", "b", "c"].map((name) => {
      const exchange = exchangeOn(socket);
      pipelining.add(socket, exchange.response, () => seen.push(name));
      return exchange;
    });
    expect(seen).toEqual(["a"]);
    expect(pipelining.waiting(socket)).toBe(2);
    exchanges[0]?.finish();
    expect(seen).toEqual(["a", "b"]);
    exchanges[1]?.finish();
    exchanges[2]?.finish();
    expect(seen).toEqual(["a", "b", "c"]);
    pipelining.add(socket, exchangeOn(socket).response, () => seen.push("d"));
    expect(seen).toEqual(["a", "b", "c", "d"]);
  });

  it("do not wait for those of another connection", () => {
    const [pipelining, seen] = [new Pipelining(() => undefined), new Array<string>()];
    for (const name of ["a", "b"]) {
      const socket = new Socket();
      pipelining.add(socket, exchangeOn(socket).response, () => seen.push(name));
    }
    expect(seen).toEqual(["a", "b"]);
  });

  it("never run when the connection has ended before their turn", () => {
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    const first = exchangeOn(socket);
    pipelining.add(socket, first.response, () => seen.push("a"));
    pipelining.add(socket, exchangeOn(socket).response, () => seen.push("b"));
    socket.destroy();
    first.finish();
    expect(seen).toEqual(["a"]);
  });

  it("run at once when a stream keeps the connection, so that it can count them", () => {
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    for (const name of ["stream", "b", "c"])
      pipelining.add(socket, exchangeOn(socket).response, () => seen.push(name));
    pipelining.release(socket);
    expect(seen).toEqual(["stream", "b", "c"]);
    expect(pipelining.waiting(socket)).toBe(0);
  });
});

describe("the bytes behind a request", () => {
  it("wait until the request is answered, once the front has all of the request", () => {
    const [socket, told] = [new Socket(), new Array<boolean>()];
    const pipelining: Pipelining = new Pipelining((of) => told.push(pipelining.hasToWait(of)));
    const [first, second] = [exchangeOn(socket, { complete: false }), exchangeOn(socket)];
    pipelining.add(socket, first.response, () => undefined);
    expect(pipelining.hasToWait(socket), "the body is not read").toBe(false);
    first.response.req.complete = true;
    expect(pipelining.hasToWait(socket)).toBe(true);
    pipelining.add(socket, second.response, () => undefined);
    first.finish();
    second.finish();
    expect(told).toEqual([true, false]);
  });

  it("do not wait on the connection of a stream", () => {
    const [socket, told] = [new Socket(), new Array<boolean>()];
    const pipelining: Pipelining = new Pipelining((of) => told.push(pipelining.hasToWait(of)));
    pipelining.add(socket, exchangeOn(socket).response, () => undefined);
    expect(pipelining.hasToWait(socket)).toBe(true);
    pipelining.release(socket);
    expect(told).toEqual([false]);
  });
});

describe("bytes that are no request", () => {
  it("are refused at once when nothing is under way, and behind the answers before them", () => {
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    pipelining.breakOff(new Socket(), () => seen.push("refused at once"));
    const first = exchangeOn(socket);
    pipelining.add(socket, first.response, () => seen.push("a"));
    pipelining.breakOff(socket, () => seen.push("refused"));
    expect(seen).toEqual(["refused at once", "a"]);
    first.finish();
    expect(seen).toEqual(["refused at once", "a", "refused"]);
  });

  it("are refused in place of the request whose body they broke off", () => {
    // The body of this request never ends, so the error response must not wait for the end of the request.
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    pipelining.add(socket, exchangeOn(socket, { complete: false }).response, () =>
      seen.push("reads the body"),
    );
    pipelining.breakOff(socket, () => seen.push("refused"));
    expect(seen).toEqual(["reads the body", "refused"]);
  });

  it("destroy the connection when the broken request still waits for its turn", () => {
    const [pipelining, socket, seen] = [new Pipelining(() => undefined), new Socket(), new Array<string>()];
    pipelining.add(socket, exchangeOn(socket).response, () => seen.push("a"));
    pipelining.add(socket, exchangeOn(socket, { complete: false }).response, () => seen.push("b"));
    pipelining.breakOff(socket, () => seen.push("refused"));
    expect(socket.destroyed).toBe(true);
    expect(seen).toEqual(["a"]);
  });

  it("do not make the bytes behind them wait, because a paused socket does not notice the end of the connection", () => {
    // Bug: if the client had left, its connection used a file descriptor for a minute more.
    const [pipelining, socket] = [new Pipelining(() => undefined), new Socket()];
    const first = exchangeOn(socket);
    pipelining.add(socket, first.response, () => undefined);
    expect(pipelining.hasToWait(socket)).toBe(true);
    pipelining.breakOff(socket, () => undefined);
    expect(pipelining.hasToWait(socket)).toBe(false);
    first.finish();
    expect(pipelining.hasToWait(socket)).toBe(false);
  });
});
