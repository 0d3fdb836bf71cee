import { cp } from "node:fs/promises";
import { join } from "node:path";
import { startHub } from "../../support/hub-process.js";
import type { HubOptions, HubProcess } from "../../support/hub-process.js";
import { again } from "../../support/mongrel2-hub.js";

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
  await publish(hub, "kept");
  // The lock of the running hub is a socket, which cannot be copied.
  const filter = (file: string): boolean => !file.endsWith(".lock");
  await cp(join(hub.scratch, "journal"), join(hub.scratch, "copy"), { recursive: true, filter });
  const lost = [await publish(hub, "lost 1"), await publish(hub, "lost 2"), await publish(hub, "lost 3")];
  await hub.kill();
  const next = await startHub({ ...serve("copy"), ...again(hub) });
  const fresh = [
    await publish(next, "fresh 1"),
    await publish(next, "fresh 2"),
    await publish(next, "fresh 3"),
  ];
  return { lost, fresh, resumed: await resume(next, lost.at(-1) ?? "") };
}

async function publish(hub: HubProcess, body: string): Promise<string> {
  const response = await fetch(`${hub.httpUrl}/publish/a`, { method: "POST", body });
  if (response.status !== 200) throw new Error(`the hub answered ${response.status}`);
  return ((await response.json()) as { readonly id: string }).id;
}

async function resume(hub: HubProcess, id: string): Promise<readonly string[]> {
  const query = `topic=a&wait=1&last_event_id=${encodeURIComponent(id)}`;
  const response = await fetch(`${hub.httpUrl}/poll?${query}`);
  const { events } = (await response.json()) as {
    readonly events: readonly { readonly reason?: string; readonly data?: string }[];
  };
  return events.map(({ reason, data }) => reason ?? data ?? "");
}
