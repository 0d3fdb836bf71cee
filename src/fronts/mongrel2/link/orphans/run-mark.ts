import { statSync } from "node:fs";

/**
 * Identifies one run of the server, if that is visible from outside. For `ipc` it is the socket's file, which a server
 * removes and creates again at each start [libzmq ipc_listener]. The mark contains the file's time of birth, since a
 * file system reuses the number of a removed file, and since chmod does not change it. The mark is empty for `tcp`, for
 * abstract sockets, and if the file cannot be read. Equal marks mean the same run; different ones prove nothing.
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
