import { expect, it } from "vitest";
import { run } from "../../src/cli/program.js";
import { FakeIo } from "../cli/fake-io.js";
import { startSite } from "../contract/site.js";
import { scratchFolder } from "../journal/disk/scratch-folder.js";
import { hubUrl, issuer, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

/** The subscription events that the journal has: true for a start, false for an end. */
async function eventsIn(dir: string): Promise<readonly boolean[]> {
  const io = new FakeIo();
  await run(["journal", "dump", dir, "--topic", "/.well-known/mercure/subscriptions/#"], io);
  return [...io.stdout.text.matchAll(/\\"active\\": ?(true|false)/g)].map(([, active]) => active === "true");
}

// A run without `--subscriptions` knew nothing of the subscriptions of the run before, and its snapshots left them out. So
// nobody reported their ends, and clients that follow subscriptions listed them for ever.
it("a run without `--subscriptions` reports the ends of the subscriptions of the run before", async () => {
  const dir = scratchFolder();
  const settings = {
    PHAROS_JOURNAL: `disk:${dir}`,
    PHAROS_TOKEN_SECRET: secret,
    PHAROS_PUBLIC_URL: hubUrl,
    PHAROS_TOKEN_ISSUER: issuer,
  };
  const first = await startSite("http", { settings: { ...settings, PHAROS_SUBSCRIPTIONS: "on" } });
  const stream = await first.connect();
  stream.write("GET /esupdates?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const isTold = async (count: number): Promise<boolean> => (await eventsIn(dir)).length === count;
  await waitFor(() => isTold(1), { within, missing: "the event of the start" });
  await first.stop();
  expect(await eventsIn(dir)).toEqual([true]);
  const second = await startSite("http", { settings });
  await waitFor(() => isTold(2), { within, missing: "the event of the end" });
  expect(await eventsIn(dir)).toEqual([true, false]);
  await second.stop();
});
