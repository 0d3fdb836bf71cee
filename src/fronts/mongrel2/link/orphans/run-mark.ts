import { statSync } from "node:fs";

/**
 * What identifies one run of the server, where that can be seen from outside: for `ipc` the file of the socket, which
 * a server removes and makes anew each time it starts [libzmq ipc_listener]; its time of birth, because a file system
 * gives the number of a removed file to the next, and because chmod does not change it. Empty for `tcp`, for abstract
 * sockets and where the file cannot be seen. Equal marks mean the same run; different ones prove nothing.
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
