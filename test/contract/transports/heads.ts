import { expect, it } from "vitest";
import { freshTopic, within } from "../client.js";
import type { Contract } from "../sites.js";
import { eachTransport } from "./table.js";

/** A WebSocket has no body that a proxy could change. */
const withBody = eachTransport.filter(
  ([, transport]) => !transport.request({ filters: [] }).includes("Upgrade: "),
);

/** Tests what the response heads say to caches and proxies. */
export function testHeads({ mercureSite: site }: Contract): void {
  // Bug: a stream whose head did not have `no-transform` did not arrive behind servers that compress. A response to a
  // poll is complete, so proxies may compress it.
  it.each(withBody)(
    "%s is stored by no cache, and if it is a stream, no proxy may compress it",
    async (_name, transport) => {
      const topic = freshTopic();
      const from = { id: `${topic}-1` };
      for (const n of [1, 2]) await site().publish({ topics: [topic], data: "x", id: `${topic}-${n}` });
      const connection = await site().connect();
      connection.write(transport.request({ filters: [topic], from }));
      const head = await connection.readUntil("\r\n\r\n", { within });
      const [, control = ""] = /^Cache-Control: (.*)\r$/im.exec(head) ?? [];
      expect(control.split(", ")).toContain("no-store");
      expect(control.split(", ").includes("no-transform")).toBe(transport.isStream);
    },
  );
}
