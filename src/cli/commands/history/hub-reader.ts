import { messageOf, PharosError } from "../../../base/errors.js";
import type { Io } from "../../terminal/io.js";
import { tokenOf } from "../token-source.js";

/** The hub of a command that reads from it. */
export interface HubAddress {
  /** Ends with a slash. */
  readonly url: string;
  readonly tokenFile?: string | undefined;
}

/** The time for an answer, in milliseconds. */
const withinMs = 10_000;

/** Reads documents of JSON from a hub. */
export class HubReader {
  readonly #url: string;
  readonly #token: string | undefined;
  readonly #io: Io;

  /** @throws PharosError `bad-config` when the token cannot be read */
  constructor({ url, tokenFile }: HubAddress, io: Io) {
    this.#url = url;
    this.#token = tokenOf(tokenFile, io);
    this.#io = io;
  }

  /**
   * Reads the document at a path below the URL of the hub.
   *
   * @throws PharosError `unreachable`, or `refused` with the reason of the hub
   */
  async read(path: string): Promise<unknown> {
    const response = await this.#fetch(new URL(path, this.#url));
    const text = await response.text();
    if (!response.ok)
      throw new PharosError("refused", `the hub refused the request: ${reasonOf(response.status, text)}`);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new PharosError("refused", `${response.url} is no hub of this version: its answer is not JSON`, {
        cause,
      });
    }
  }

  async #fetch(url: URL): Promise<Response> {
    const headers = this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` };
    const signal = AbortSignal.any([AbortSignal.timeout(withinMs), this.#io.interrupted]);
    try {
      return await fetch(url, { headers, signal });
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new PharosError("unreachable", `${url.origin} cannot be reached: ${messageOf(cause)}`, { cause });
    }
  }
}

/** The detail of a problem document, else the status. */
function reasonOf(status: number, text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    if (typeof detail === "string") return detail;
  } catch {
    // Another server has answered.
  }
  return `status ${status}`;
}
