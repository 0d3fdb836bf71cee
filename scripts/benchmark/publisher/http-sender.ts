import { Changes } from "../../../test/support/wait-for.js";
import { openSocket } from "../machine/open-socket.js";
import type { Sender } from "./sender.js";

/**
 * The maximum number of requests without a response. All requests use one connection, so the server receives them in
 * order.
 */
const window = 64;
const timeoutMs = 60_000;
const statusLine = /HTTP\/1\.1 (\d)\d\d/g;

/**
 * Sends one POST for each publication. Waits while 64 requests have no response. Rejects if the server refuses a
 * request.
 */
export async function connectHttp(port: number, path: (stream: number) => string): Promise<Sender> {
  const socket = await openSocket(port);
  const changes = new Changes();
  let pending = 0;
  let refused = 0;
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    const unread = rest + text;
    for (const [, kind] of unread.matchAll(statusLine)) {
      pending -= 1;
      if (kind !== "2") refused += 1;
    }
    // A status line may be split between two reads. The code therefore keeps the last bytes, without status lines that
    // were already counted.
    rest = unread.slice(-11).replace(statusLine, "");
    changes.changed();
  });
  const windowOpen = async (): Promise<void> => {
    await changes.until(() => pending < window, { within: timeoutMs, missing: "no response to a POST" });
    if (refused > 0) throw new Error(`the server refused ${refused} publications`);
  };
  return {
    send: (stream, payload) => {
      const head = `POST ${path(stream)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n`;
      socket.write(`${head}Content-Length: ${payload.length}\r\n\r\n${payload}`, "latin1");
      pending += 1;
      return pending < window ? undefined : windowOpen();
    },
  };
}
