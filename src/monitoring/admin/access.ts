import { createHash, timingSafeEqual } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { isLoopbackAddress, isLoopbackHost, forwardingHeaderOf } from "../../gateway/http/loopback.js";

/** What is looked at to decide who may ask. */
export interface AdminRequest {
  readonly peer: string | undefined;
  /** A header by its lower-case name. */
  header(name: string): string | undefined;
}

/**
 * Who may read the figures. With a token: whoever presents it. Without one: programs on this machine that ask for it by
 * a loopback name. A web page open on this machine can send requests too, and after it has rebound its own name to a
 * loopback address even read the answers; its requests then carry that name as their Host.
 */
export class AdminAccess {
  readonly #digest: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#digest = token === undefined ? undefined : digestOf(token);
  }

  /**
   * Why this request is refused; undefined when it is not. For the files of the page no token is needed where there is
   * one: a browser has none to send before the page has asked for it.
   */
  refusalOf(request: AdminRequest, what: "figures" | "page" = "figures"): PharosError | undefined {
    if (this.#digest === undefined) return withoutToken(request);
    return what === "page" ? undefined : withToken(request, this.#digest);
  }
}

function withToken(request: AdminRequest, digest: Buffer): PharosError | undefined {
  const given = /^bearer +(\S+)$/i.exec(request.header("authorization")?.trim() ?? "")?.[1];
  // Digests are of one length, and comparing them takes the same time wherever they differ.
  if (given !== undefined && timingSafeEqual(digestOf(given), digest)) return undefined;
  return new PharosError("unauthorized", "the admin token is needed: Authorization: Bearer TOKEN");
}

function withoutToken(request: AdminRequest): PharosError | undefined {
  if (!isLoopbackAddress(request.peer ?? "")) return forbidden("only programs on this machine may ask");
  if (!isLoopbackHost(request.header("host") ?? "")) return forbidden("the Host must be a loopback name");
  if (forwardingHeaderOf(request) !== undefined) return forbidden("what comes through a proxy is refused");
  return undefined;
}

function forbidden(reason: string): PharosError {
  return new PharosError("forbidden", `${reason}, unless an admin token is set`);
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
