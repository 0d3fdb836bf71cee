import { statSync } from "node:fs";

/**
 * Returns a mark that identifies one run of the server, if such a mark exists. For `ipc` the mark describes the socket
 * file, which a server removes and creates again at each start [libzmq ipc_listener]. The mark contains the creation
 * time of the file, because a file system reuses the number of a removed file. A chmod does not change the creation
 * time. The mark is empty for `tcp`, for abstract sockets, and if the file cannot be read. Equal marks mean the same
 * run. Different marks prove nothing.
 */
export function readRunMark(recvSpec: string): string {
  const path = /^ipc:\/\/([^@].*)$/.exec(recvSpec)?.[1];
  if (path === undefined) return "";
  try {
    const file = statSync(path, { bigint: true });
    return file.isSocket() ? `${file.dev}:${file.ino}:${file.birthtimeNs}` : "";
  } catch {
    return "";
  }
}
