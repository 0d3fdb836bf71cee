import type { JetStreamManager } from "@nats-io/jetstream";
import { operator } from "../../journal/nats/nats-site.js";
import { startHub } from "../../support/hub-process.js";
import type { HubOptions, HubProcess } from "../../support/hub-process.js";
import { startNatsServer } from "../../support/nats-server.js";
import { waitFor } from "../../support/wait-for.js";
import { pollOnce, publishTo } from "../clients/plain-requests.js";

const stream = "marks";
/** The publications of a topic that a hub has in memory. */
const topicEvents = 4;
/** The size of a page of a poll, in bytes. */
const roundBytes = 16 * 1024;
const topics = ["quiet", "noisy"];

/**
 * A client is told of many losses at one hub, before it gets old events page by page. Then a few more publications are
 * lost, and the client goes on at a hub that knows only of these. Returns the reasons of the gaps that it gets there.
 */
export async function foreignMarks(options: Pick<HubOptions, "entry">): Promise<readonly string[]> {
  const engine = await startNatsServer();
  const { streams } = await operator([engine.address]);
  const config = { limits: { history: { topicEvents }, roundBytes } };
  const args = ["--open", "--journal", `nats://${engine.address}/${stream}`];
  const startNode = (): Promise<HubProcess> => startHub({ ...options, config, args });
  const first = await startNode();
  /** Publishes, and removes the log: what the hubs do not have in memory is lost. */
  const loseSome = async (count: number, hubs: readonly HubProcess[]): Promise<void> => {
    const before = await publishTo(first, "noisy", "before");
    for (let done = 0; done < count; done += 1) await publishTo(first, "noisy", `noise ${done}`);
    const { state } = await streams.info(stream);
    await streams.purge(stream, { seq: state.last_seq });
    for (const hub of hubs) await tellsGap(hub, before);
  };
  // Without a snapshot, the start of a hub would need the records that the test removes.
  while (!(await hasSnapshot(streams))) await publishTo(first, "filler", "x".repeat(1_000_000));
  const start = await publishTo(first, "quiet", "start");
  for (const name of ["one", "two", "three"]) await publishTo(first, "quiet", name + "x".repeat(roundBytes));
  await loseSome(40, [first]);
  const told = await pollOnce(first, { topics, from: start });
  if (told.events[0]?.reason !== "evicted") throw new Error("the first hub has told no gap");
  const second = await startNode();
  await loseSome(10, [first, second]);
  const { events } = await pollOnce(second, { topics, from: told.position });
  return events.flatMap(({ reason }) => reason ?? []);
}

async function hasSnapshot(streams: JetStreamManager["streams"]): Promise<boolean> {
  const { state } = await streams.info(`${stream}_state`, { subjects_filter: ">" });
  return Object.keys(state.subjects ?? {}).some((subject) => /\.snapshot\.\d+$/.test(subject));
}

/** Waits until the hub has noticed that the log has lost what came after this id. */
async function tellsGap(hub: HubProcess, id: string): Promise<void> {
  const isTold = async (): Promise<boolean> => {
    const { events } = await pollOnce(hub, { topics: ["noisy"], from: id });
    return events[0]?.reason !== undefined;
  };
  await waitFor(isTold, { within: 60_000, everyMs: 200, missing: "a gap at the hub" });
}
