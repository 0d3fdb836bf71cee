import { cp } from "node:fs/promises";
import { join } from "node:path";
import { startHub } from "../../support/hub-process.js";
import type { HubOptions } from "../../support/hub-process.js";
import { again } from "../../support/mongrel2-hub.js";
import { pollOnce, publishTo } from "../clients/plain-requests.js";

export interface RestoredCopy {
  /** The ids of the publications that the copy does not have. */
  readonly lost: readonly string[];
  /** The ids of the publications after the restart with the copy. */
  readonly fresh: readonly string[];
  /** What a client gets that resumes from the last lost id: the reason of a gap, or the data of an event. */
  readonly resumed: readonly string[];
}

/**
 * Copies the folder of a journal while the hub runs, publishes, kills the hub, starts a hub with the copy, and publishes
 * again.
 */
export async function restoredCopy(options: Pick<HubOptions, "entry">): Promise<RestoredCopy> {
  const serve = (journal: string): HubOptions => ({
    ...options,
    args: ["--open", "--journal", `disk:${journal}`],
  });
  const hub = await startHub(serve("journal"));
  await publishTo(hub, "a", "kept");
  // The lock of the running hub is a socket, which cannot be copied.
  const filter = (file: string): boolean => !file.endsWith(".lock");
  await cp(join(hub.scratch, "journal"), join(hub.scratch, "copy"), { recursive: true, filter });
  const lost = [
    await publishTo(hub, "a", "lost 1"),
    await publishTo(hub, "a", "lost 2"),
    await publishTo(hub, "a", "lost 3"),
  ];
  await hub.kill();
  const next = await startHub({ ...serve("copy"), ...again(hub) });
  const fresh = [
    await publishTo(next, "a", "fresh 1"),
    await publishTo(next, "a", "fresh 2"),
    await publishTo(next, "a", "fresh 3"),
  ];
  const { events } = await pollOnce(next, { topics: ["a"], from: lost.at(-1) ?? "" });
  return { lost, fresh, resumed: events.map(({ reason, data }) => reason ?? data ?? "") };
}
