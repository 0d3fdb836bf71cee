import { Changes } from "../../../test/support/wait-for.js";
import { openSocket } from "./tcp-sender.js";
import type { Sender } from "./sender.js";

/** Requests that may be unanswered at a time, on the one connection that keeps them in order. */
const window = 64;
const patienceMs = 60_000;
const statusLine = /HTTP\/1\.1 (\d)\d\d/g;

/** One POST a publication; waits while 64 are unanswered. Rejects when one is refused. */
export async function connectHttp(port: number, path: (stream: number) => string): Promise<Sender> {
  const socket = await openSocket(port);
  const changes = new Changes();
  let unanswered = 0;
  let refused = 0;
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    const seen = rest + text;
    for (const [, kind] of seen.matchAll(statusLine)) {
      unanswered -= 1;
      if (kind !== "2") refused += 1;
    }
    // A status line may be cut: keep what could begin one, but none that was counted.
    rest = seen.slice(-11).replace(statusLine, "");
    changes.changed();
  });
  const room = async (): Promise<void> => {
    await changes.until(() => unanswered < window, {
      within: patienceMs,
      missing: "publishing is not answered",
    });
    if (refused > 0) throw new Error(`${refused} publications were refused`);
  };
  return {
    send: (stream, payload) => {
      const head = `POST ${path(stream)} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n`;
      socket.write(`${head}Content-Length: ${payload.length}\r\n\r\n${payload}`, "latin1");
      unanswered += 1;
      return unanswered < window ? undefined : room();
    },
  };
}
