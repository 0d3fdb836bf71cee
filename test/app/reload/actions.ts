import { waitFor } from "../../support/wait-for.js";
import type { ReloadSite } from "./reload-site.js";

/** The statuses of actions, one after the other. */
export async function inTurn(actions: readonly (() => Promise<number>)[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const action of actions) statuses.push(await action());
  return statuses;
}

function times(count: number, action: (index: number) => Promise<number>): Promise<readonly number[]> {
  return inTurn(Array.from({ length: count }, (_, index) => () => action(index)));
}

/** The statuses of new streams, which stay open until the end of the test. */
export function opens(site: ReloadSite, paths: readonly string[], headers = {}): Promise<readonly number[]> {
  return inTurn(paths.map((path) => async () => (await site.open(path, headers)).status));
}

let lastTopic = 0;

/** A topic that no other request of these tests uses. */
export function freshTopic(): string {
  lastTopic += 1;
  return `topic-${lastTopic}`;
}

/** A stream with 14 filters of 1,000 bytes, which no other stream has. */
export function manyFilters(): string {
  const filters = Array.from({ length: 14 }, () => `topic=${freshTopic().padEnd(1000, "f")}`);
  return `/esupdates?${filters.join("&")}`;
}

/** Opens streams, and waits until their presence events are stored. A refused stream has no events. */
export async function announced(site: ReloadSite, streams: number): Promise<void> {
  const before = site.figure("subscription_events_total");
  const statuses = await opens(site, Array.from({ length: streams }, manyFilters));
  const events = before + 14 * statuses.filter((status) => status === 200).length;
  const isStored = (): boolean => site.figure("subscription_events_total") >= events;
  await waitFor(isStored, { within: 30_000, missing: "presence events" });
}

/** The number of stored publications of new topics, after one more publication for each. */
export async function storedOf(site: ReloadSite, topics: readonly string[], data: string): Promise<number> {
  const before = await pollOf(site, topics, undefined);
  for (const topic of topics) await site.app.publish({ topics: [topic], data });
  return (await pollOf(site, topics, before.position)).events.length;
}

interface PollAnswer {
  /** Without the notices of gaps. */
  readonly events: readonly { readonly data?: string }[];
  readonly position: string;
}

export async function pollOf(
  site: ReloadSite,
  topics: readonly string[],
  position?: string,
): Promise<PollAnswer> {
  const filters = topics.map((topic) => `topic=${topic}`).join("&");
  const headers = position === undefined ? {} : { "last-event-id": position };
  const response = await fetch(`${site.url}/poll?${filters}&wait=0`, { headers });
  const { events, position: reached } = (await response.json()) as PollAnswer;
  return { events: events.filter(({ data }) => data !== undefined), position: reached };
}

/** A stream with two patterns that no other stream has. */
export function patterns(one: (name: string) => string, other: (name: string) => string): string {
  const texts = [one(freshTopic()), other(freshTopic())];
  return `/.well-known/mercure?${texts.map((text) => `match_urlpattern=${encodeURIComponent(text)}`).join("&")}`;
}

/**
 * Whether the hub does something about a client that reads nothing. Before the reload, it must do nothing for a short
 * time.
 */
export async function stalled(
  site: ReloadSite,
  isReloaded: boolean,
  isSeen: () => boolean,
): Promise<boolean> {
  const topic = freshTopic();
  const opened = site.figure("requests_total");
  const client = await site.unread(`/esupdates?topic=${topic}`);
  await waitFor(() => site.figure("requests_total") > opened, { within: 30_000, missing: "the stream" });
  for (let count = 0; count < 16; count += 1)
    await site.app.publish({ topics: [topic], data: "d".repeat(1024 * 1024) });
  const isReached = async (): Promise<boolean> => {
    site.skip(1000);
    return isSeen();
  };
  const isDone = await waitFor(isReached, { within: isReloaded ? 30_000 : 300, missing: "an effect" }).then(
    () => true,
    () => false,
  );
  // Publishers wait for a round that is open for long.
  client.close();
  return isDone;
}

/** True if one of many requests is refused because of their rate. */
export async function isLimited(request: () => Promise<number>): Promise<boolean> {
  return (await times(20, request)).includes(429);
}

export function last(statuses: readonly number[]): number | undefined {
  return statuses.at(-1);
}
