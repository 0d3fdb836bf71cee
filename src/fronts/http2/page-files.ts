import type { Readable } from "node:stream";
import type { Reply } from "../../gateway/http/messages.js";
import type { FrontRequest } from "../gateway-port.js";

/** The answer to a request for a file of the hub's page. */
export interface FileAnswer extends Pick<Reply, "status" | "headers"> {
  /** The caller reads it to its end, or destroys it. */
  readonly body: Readable;
}

/** The files of the hub's page. */
export interface PageFiles {
  /**
   * Answers a request with GET or HEAD. Resolves with undefined if no file has this path.
   *
   * @throws PharosError for a malformed path, or if too many files are open
   */
  answer(request: FrontRequest): Promise<FileAnswer | undefined>;
}
