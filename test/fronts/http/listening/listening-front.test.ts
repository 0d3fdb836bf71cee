import { expect, test } from "vitest";
import { within } from "../../../contract/client.js";
import { startSite } from "../../../contract/site.js";
import { waitFor } from "../../../support/wait-for.js";

test("a hub that stops closes a connection whose PROXY header is not complete", async () => {
  // Bug: the stop did not know such a connection. A program that runs a hub kept the connection for the time that a
  // header may take, and then logged a fault of the proxy.
  const site = await startSite("http", { settings: { PHAROS_PROXY_PROTOCOL: "127.0.0.1" } });
  const [half, whole] = [await site.connect(), await site.connect()];
  half.write("PROXY TCP4 ");
  whole.write("PROXY UNKNOWN\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  await whole.readUntil('"status":"ok"', { within });
  await site.stop();
  await waitFor(() => half.closed, { within, missing: "the end of the connection" });
  expect(site.figure("connections_cut_total")).toBe(0);
});
