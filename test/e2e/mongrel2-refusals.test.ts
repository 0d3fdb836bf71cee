import { expect, it, onTestFinished } from "vitest";
import { startHub } from "../support/hub-process.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { connectRaw, type RawConnection } from "../support/raw-http.js";

const within = 30_000;

async function openStream(port: number): Promise<RawConnection> {
  const client = await connectRaw({ port });
  client.write("GET /esupdates HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await client.readUntil("retry: ", { within });
  return client;
}

const large = { what: "a body that is too large", head: "Content-Length: 2000000\r\n\r\n" };
const chunked = { what: "a chunked body", head: "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" };

// Bug: Mongrel2 closes file descriptor 0 whenever it answers 413. The next client may have descriptor 0, so a large
// body of one client closed the stream of another client. The shipped configuration avoids 413.
it.each([large, chunked])(
  "$what closes no other client's stream with the shipped configuration",
  async ({ head }) => {
    const server = await startMongrel2({ mode: "shipped" });
    onTestFinished(() => server.stop());
    await startHub({ mongrel2: [linkTo(server)] });
    const streams: RawConnection[] = [];
    for (let count = 0; count < 4; count += 1) {
      const refused = await connectRaw({ port: server.port });
      refused.write(`POST /publish HTTP/1.1\r\nHost: localhost\r\n${head}`);
      await refused.readToEnd({ within });
      streams.push(await openStream(server.port));
    }
    // When the server has answered another client, the server has finished all earlier closes.
    await openStream(server.port);
    expect(streams.map(({ closed }) => closed)).toEqual([false, false, false, false]);
  },
);
