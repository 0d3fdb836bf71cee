import { PharosError } from "../../base/errors.js";
import { Lifetime } from "../../base/lifetime.js";
import type { BodyReservation } from "../../gateway/limits/body-budget.js";
import { BodyBuffer } from "../../gateway/limits/body-buffer.js";
import type { RequestHead } from "../../gateway/limits/request-head.js";
import type { HostRequest } from "./host-messages.js";

/** The most bytes of a body that the hub reads and drops, so that the client gets the response, as on the other fronts. */
const mostDroppedBytes = 1024 * 1024;

export interface HostBodyOptions {
  readonly request: HostRequest;
  readonly head: RequestHead;
  /** Reserves memory for the body until the end of the lifetime. Called when the body is read. */
  readonly reserve: (lifetime: Lifetime) => BodyReservation;
  /** The most bytes of the body. */
  readonly mostBytes: number;
  /** Closes the connection at once, because the client sends more than the hub drops. */
  readonly cut: () => void;
}

/** The body of a request to a host's server. The hub reads it when the gateway needs it, and drops it otherwise. */
export class HostBody {
  readonly #options: HostBodyOptions;
  /** The time during which the body uses memory. */
  readonly #lifetime = new Lifetime();

  constructor(options: HostBodyOptions) {
    this.#options = options;
  }

  /** True if a response now has to close the connection: the client announces more bytes than the hub drops. */
  get endsConnection(): boolean {
    const { request, head } = this.#options;
    return !request.complete && head.announcedBytes > mostDroppedBytes;
  }

  /**
   * Reads the whole body. If a body parser of the host has read it, takes the content that the parser has left in
   * `request.body`: bytes, a text, or the value of JSON or of a form.
   *
   * @throws PharosError as {@link BodyBuffer.append}, or `bad-request` if the connection ends before the end of the body
   * @throws Error if the host has read the body and left nothing that the hub can use
   */
  async read(): Promise<Buffer> {
    const { request, head, reserve, mostBytes } = this.#options;
    const body = new BodyBuffer({ reservation: reserve(this.#lifetime), mostBytes });
    if (request.readableEnded || request.body !== undefined) {
      body.append(bytesOf(request.body, head.value("content-type") ?? ""));
      return body.join();
    }
    if (request.destroyed) throw broken();
    return gather(request, body);
  }

  /** Call this method when the request is answered. Frees the memory of the body, and drops the unread bytes. */
  leave(): void {
    this.#lifetime.end();
    const { request, cut } = this.#options;
    if (request.readableEnded || request.destroyed) return;
    let bytes = 0;
    request.on("data", ({ length }: Buffer) => {
      bytes += length;
      if (bytes > mostDroppedBytes) cut();
    });
  }
}

function gather(request: HostRequest, body: BodyBuffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      request.off("data", take).off("end", finish).off("close", leave).off("error", leave);
      request.on("error", () => undefined);
    };
    const fail = (error: unknown): void => {
      stop();
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      try {
        body.append(chunk);
      } catch (error) {
        fail(error);
      }
    };
    const finish = (): void => {
      stop();
      resolve(body.join());
    };
    const leave = (): void => fail(broken());
    request.on("data", take).once("end", finish).once("close", leave).once("error", leave);
  });
}

function bytesOf(content: unknown, type: string): Buffer {
  if (content instanceof Uint8Array) return Buffer.from(content);
  if (typeof content === "string") return Buffer.from(content);
  if (/^[^;]*\bjson\b/i.test(type) && content !== undefined) return Buffer.from(JSON.stringify(content));
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Buffer.from(formOf(Object(content)));
  throw new Error(
    "the body of the request was read before the hub got it; mount the hub before the body parser of the host",
  );
}

/** A form again, from the values that a parser has found; a name with several values has a list. */
function formOf(values: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(values).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}

function broken(): PharosError {
  return new PharosError("bad-request", "the connection ended in the middle of the body");
}
