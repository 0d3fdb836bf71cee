import { readEvents, itemOf } from "../../support/storm/stream-readers.js";
import type { Item } from "../../support/storm/stream-readers.js";
import { connectRaw } from "../../support/raw-http.js";
import { Changes } from "../../support/wait-for.js";
import type { Entry } from "../history/steps.js";
import { responseReader } from "./response-reader.js";

interface Asked {
  readonly address: string;
  readonly port: number;
  readonly token: string;
}

/**
 * Reads everything that the hub has stored, up to an entry with this data. A gap appears as an entry, because a hub that
 * keeps everything tells none. Rejects if the last entry does not come.
 */
export async function readStored(
  { address, port, token }: Asked,
  options: { readonly last: string; readonly within: number },
): Promise<readonly Entry[]> {
  const connection = await connectRaw({ host: address, port, onEnd: () => undefined });
  const entries: Entry[] = [];
  const changes = new Changes();
  const take = (item: Item): void => {
    if (item.kind === "gap") entries.push({ id: item.id, data: `gap ${item.reason}` });
    if (item.kind === "event" && item.retained !== true) entries.push({ id: item.id, data: item.data });
    changes.changed();
  };
  connection.write(
    "GET /esupdates?show=topics&topic=%23&last_event_id=earliest HTTP/1.1\r\nhost: localhost\r\n" +
      `authorization: Bearer ${token}\r\n\r\n`,
  );
  connection.handOver(responseReader(() => readEvents((event) => take(itemOf(event)))));
  try {
    await changes.until(() => entries.at(-1)?.data === options.last, {
      within: options.within,
      missing: () => `the reader at the end has ${entries.length} entries, and not ${options.last}`,
    });
  } finally {
    connection.close();
  }
  return entries;
}

/** The retained values of topics, as a client that opens its first poll gets them. */
export async function readRetained(
  { address, port, token }: Asked,
  topics: readonly string[],
): Promise<readonly (readonly [topic: string, data: string])[]> {
  const query = topics.map((topic) => `topic=${topic}`).join("&");
  const response = await fetch(`http://${address}:${port}/poll?${query}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(15_000),
  });
  if (response.status !== 200) throw new Error(`the poll was answered with ${response.status}`);
  const { events } = (await response.json()) as {
    readonly events: readonly { readonly topics: readonly string[]; readonly data: string }[];
  };
  return events.map(({ topics, data }) => [topics[0] ?? "", data] as const);
}
