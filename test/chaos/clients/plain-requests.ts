import type { HubProcess } from "../../support/hub-process.js";

/** Publishes at a hub that allows it without a token. Returns the event id. */
export async function publishTo(hub: HubProcess, topic: string, body: string): Promise<string> {
  const response = await fetch(`${hub.httpUrl}/publish/${topic}`, { method: "POST", body });
  if (response.status !== 200) throw new Error(`the hub answered ${response.status}`);
  return ((await response.json()) as { readonly id: string }).id;
}

export interface PollAnswer {
  /** The cursor for the next poll. */
  readonly position: string;
  /** An event has data, and a gap has a reason. */
  readonly events: readonly { readonly data?: string; readonly reason?: string }[];
}

/** Sends a poll. Resolves with its answer, after one second at most if there is nothing. */
export async function pollOnce(
  hub: HubProcess,
  { topics, from }: { readonly topics: readonly string[]; readonly from: string },
): Promise<PollAnswer> {
  const filters = topics.map((topic) => `topic=${topic}&`).join("");
  const query = `${filters}wait=1&last_event_id=${encodeURIComponent(from)}`;
  const response = await fetch(`${hub.httpUrl}/poll?${query}`);
  if (response.status !== 200) throw new Error(`the hub answered ${response.status}`);
  return (await response.json()) as PollAnswer;
}
