import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PharosError } from "../../base/errors.js";

/** The beginning of the names of all scratch folders; the hub's process id and six random characters follow. */
export const scratchPrefix = "pharos-workers-";

/** A socket in the folder. While the socket accepts connections, the hub of the folder lives. */
export const aliveSocket = "hub";

/** The longest socket path on Linux, without the closing NUL [unix(7)]. */
const socketPathBytes = 107;

/** The folder of the workers' sockets, which no other user can enter. */
export class ScratchFolder {
  #path = "";
  #alive: Server | undefined;

  /**
   * Returns the path. Creates the folder first, also if another program has deleted it.
   *
   * @throws PharosError `unreachable` if the folder cannot be created
   */
  make(): string {
    if (this.#path !== "" && existsSync(this.#path)) return this.#path;
    this.#path = createFolder();
    this.#alive?.close();
    this.#alive = listenAt(join(this.#path, aliveSocket));
    return this.#path;
  }

  /** Deletes the folder. */
  async remove(): Promise<void> {
    this.#alive?.close();
    if (this.#path !== "") await rm(this.#path, { recursive: true, force: true });
  }
}

function createFolder(): string {
  const prefix = join(tmpdir(), `${scratchPrefix}${process.pid}-`);
  if (`${prefix}xxxxxx/worker-1000000`.length > socketPathBytes)
    throw noFolder(`the path of a socket in this folder would have more than ${socketPathBytes} bytes`);
  try {
    return mkdtempSync(prefix);
  } catch (error) {
    throw noFolder(error instanceof Error ? error.message : String(error), error);
  }
}

function listenAt(path: string): Server {
  const server = createServer((socket) => socket.destroy());
  // Without a free descriptor the folder has no such socket. Then other hubs leave the folder alone for some time.
  server.on("error", () => undefined);
  return server.listen(path).unref();
}

function noFolder(reason: string, cause?: unknown): PharosError {
  const detail = `cannot create a folder for the workers' sockets in ${tmpdir()} (see TMPDIR): ${reason}`;
  return new PharosError("unreachable", detail, { cause });
}
