import { PharosError } from "../../base/errors.js";
import type { History } from "../../hub/publications/history.js";
import type { GatewayRequest } from "../http/messages.js";
import { cursorOf } from "./cursor.js";

export interface CursorWaitOptions {
  readonly history: Pick<History, "locate">;
  /** Resolves when history has all entries that any hub on the same log had stored before the call. */
  readonly caughtUp: () => Promise<void>;
}

/** Stamps of the push stream module, which no search in history can tell from a stamp that is still to come. */
const mayHaveStamp = /(?:^|&)time=/;

/**
 * Lets requests with an unknown cursor wait until this hub has everything that the other hubs on its log have. A client
 * that has just left another hub may have events that this hub gets some milliseconds later. Without the wait, the
 * client would be told a gap.
 */
export class CursorWait {
  readonly #options: CursorWaitOptions;

  constructor(options: CursorWaitOptions) {
    this.#options = options;
  }

  /** Undefined if the request need not wait. The promise never rejects. */
  before(request: GatewayRequest): Promise<void> | undefined {
    return this.#mayBeAhead(request) ? this.#options.caughtUp() : undefined;
  }

  #mayBeAhead(request: GatewayRequest): boolean {
    if (request.method === "QUERY") return true;
    if (request.header("if-modified-since") !== undefined || mayHaveStamp.test(request.query)) return true;
    // The cursor of a poll may consist of several positions.
    const parts = cursorIn(request)?.split(",") ?? [];
    return parts.some((id) => id !== "" && this.#options.history.locate(id).kind === "lost");
  }
}

/** Undefined also for a query that cannot be read, which the handler of the request refuses. */
function cursorIn(request: GatewayRequest): string | undefined {
  try {
    return cursorOf(request);
  } catch (error) {
    if (error instanceof PharosError) return undefined;
    throw error;
  }
}
