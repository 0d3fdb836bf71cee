import { boundTcpAddress } from "./bound-address.js";
import type { Binding, CreateServer } from "./binding.js";
import { listenOn } from "./listen-on.js";
import { systemdSockets } from "./systemd-sockets.js";

/** Accepts connections on the sockets that systemd has passed. Rejects if there is none, or if one is no stream socket. */
export async function bindSystemd(
  create: CreateServer,
  { name, secure }: { readonly name?: string; readonly secure: boolean },
): Promise<readonly Binding[]> {
  const bindings: Binding[] = [];
  for (const fd of systemdSockets(name, { environment: process.env, pid: process.pid })) {
    const server = create();
    await listenOn(server, { fd }).catch((error: unknown) => {
      throw notListening(fd, error);
    });
    const address = server.address();
    // Node does not tell the path of a unix socket that it has not bound itself.
    const isTcp = typeof address === "object" && address !== null;
    bindings.push({ server, bound: isTcp ? boundTcpAddress(address, secure) : { url: `unix:fd:${fd}` } });
  }
  return bindings;
}

function notListening(fd: number, cause: unknown): Error {
  const allowed = "the .socket unit needs ListenStream=, and no Accept=yes";
  return new Error(`descriptor ${fd} from systemd is not a listening stream socket; ${allowed}`, { cause });
}
