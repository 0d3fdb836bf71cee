import { mercurePath } from "../../src/protocol.js";
import { ask, within } from "../contract/client.js";
import type { ClientStream } from "../contract/client.js";
import { requestBytes } from "../contract/http-text.js";
import type { ResponseText } from "../contract/http-text.js";
import type { Headers } from "../contract/mercure-client.js";
import { bearer, subscribe } from "../contract/mercure-client.js";
import type { Site } from "../contract/site.js";
import { currentToken, olderToken } from "../support/token.js";

export const collection = `${mercurePath}/subscriptions`;

export interface Told {
  readonly event: string | undefined;
  readonly document: Readonly<Record<string, unknown>>;
}

/** A token of this form that grants the right to read all subscriptions. */
export async function watcherOf(form: "current" | "older"): Promise<Headers> {
  return bearer(await (form === "current" ? currentToken : olderToken)({ subscribe: ["*"] }));
}

/** A stream of all presence events, in one of the forms. */
export async function watch(site: Site, form: "current" | "older"): Promise<ClientStream> {
  const query = form === "current" ? "match=*" : "topic=*";
  return subscribe(site, query, await watcherOf(form));
}

/** Resolves after this many presence events of subscriptions to this topic. */
export async function toldOf(stream: ClientStream, topic: string, count: number): Promise<readonly Told[]> {
  const told = (): readonly Told[] =>
    stream.events
      .map(({ event, data = "" }) => ({ event, document: JSON.parse(data) as Told["document"] }))
      .filter(({ document }) => document["match"] === topic || document["topic"] === topic);
  await stream.connection.readUntil(() => told().length >= count, { within });
  return told();
}

/** The answer at a path. `segments` are percent-encoded. */
export function subscriptionsAt(
  site: Site,
  segments: readonly string[],
  headers: Headers = {},
): Promise<ResponseText> {
  return ask(site, requestBytes({ path: pathAt(segments), headers }));
}

export function pathAt(segments: readonly string[]): string {
  return [collection, ...segments.map(encodeURIComponent)].join("/");
}
