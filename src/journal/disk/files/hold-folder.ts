import { randomBytes } from "node:crypto";
import { open, readdir, rm, type FileHandle } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

import { PharosError } from "../../../base/errors.js";
import { fileErrorCode, type HeldFolder } from "./files.js";

/** The longest path of a socket, on all systems. */
const mostPathBytes = 100;

/** A process that is stopped, or very busy, does not answer. It counts as the holder then. */
const answerWithinMs = 5000;

/** True for the names of the sockets of {@link holdFolder}. */
export function isLockName(name: string): boolean {
  return /^[0-9a-f]{16}\.lock$/.test(name);
}

/**
 * Holds a folder until {@link HeldFolder.release}, or until the process ends. Works between containers that share the
 * folder, too.
 *
 * Each process that wants the folder listens on a socket of its own in the folder, under a random name. Then it connects
 * to all other sockets there. A socket that refuses the connection belongs to a process that has ended. Of two
 * processes that live, the one with the smaller name goes on. It waits until the other gives up, or says that it holds
 * the folder already. So exactly one of several simultaneous starts wins. A file with a fixed name cannot achieve this:
 * two processes can both find that its owner has ended, and replace it one after the other.
 *
 * @throws PharosError `bad-config` if another process holds the folder
 */
export async function holdFolder(dir: string): Promise<HeldFolder> {
  const folder = await open(dir, "r");
  const lock = new FolderLock(dir, folder);
  try {
    await lock.listen();
    for (const name of await readdir(dir)) if (isLockName(name)) await lock.outlast(name);
    lock.hold();
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

type Answer = "held" | "ended" | "gave-up";

/** A socket that cannot be asked, for instance because it belongs to another user, counts as the holder's. */
function answerOf(error: Error): Answer {
  const code = fileErrorCode(error);
  if (code === "ECONNREFUSED") return "ended";
  return code === "ENOENT" ? "gave-up" : "held";
}

class FolderLock implements HeldFolder {
  readonly #dir: string;
  readonly #folder: FileHandle;
  readonly #name = `${randomBytes(8).toString("hex")}.lock`;
  readonly #server: Server;
  readonly #others = new Set<Socket>();
  #isHeld = false;
  #released: Promise<void> | undefined;

  constructor(dir: string, folder: FileHandle) {
    this.#dir = dir;
    this.#folder = folder;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.unref();
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) =>
        reject(
          new PharosError("bad-config", `cannot hold the folder ${this.#dir}: ${error.message}`, {
            cause: error,
          }),
        ),
      );
      this.#server.listen(this.#pathOf(this.#name), resolve);
    });
  }

  /** Resolves if the process of this socket has ended, or gives up. */
  async outlast(name: string): Promise<void> {
    if (name === this.#name) return;
    const answer = await this.#ask(name);
    if (answer === "held")
      throw new PharosError(
        "bad-config",
        `another hub uses the folder ${this.#dir}; stop that hub, or choose another folder`,
      );
    if (answer === "ended") await rm(join(this.#dir, name), { force: true });
  }

  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#others) socket.write("held");
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    await rm(join(this.#dir, this.#name), { force: true });
    for (const socket of this.#others) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#folder.close();
  }

  #accept(socket: Socket): void {
    this.#others.add(socket);
    socket.unref();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#others.delete(socket));
    if (this.#isHeld) socket.write("held");
  }

  #ask(name: string): Promise<Answer> {
    const socket = connect(this.#pathOf(name));
    const answer = new Promise<Answer>((resolve) => {
      socket.setTimeout(answerWithinMs, () => resolve("held"));
      socket.on("connect", () => (name < this.#name ? resolve("held") : undefined));
      socket.on("data", () => resolve("held"));
      socket.on("error", (error) => resolve(answerOf(error)));
      socket.on("close", () => resolve("gave-up"));
    });
    return answer.finally(() => socket.destroy());
  }

  #pathOf(name: string): string {
    const path = join(this.#dir, name);
    if (Buffer.byteLength(path) <= mostPathBytes) return path;
    return `/proc/self/fd/${this.#folder.fd}/${name}`;
  }
}
