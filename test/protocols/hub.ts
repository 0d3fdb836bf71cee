import { afterAll, beforeAll } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import type { ClientStream } from "../contract/client.js";
import { ask } from "../contract/client.js";
import type { ResponseText } from "../contract/http-text.js";
import { parseResponse, requestBytes } from "../contract/http-text.js";
import type { Headers } from "../contract/mercure-client.js";
import { bearer, formType, post, subscribe } from "../contract/mercure-client.js";
import type { Site } from "../contract/site.js";
import { startSite } from "../contract/site.js";
import { currentToken, hubUrl, issuer, secret } from "../support/token.js";

/** The origin of pages that may read and publish. */
export const pageOrigin = "https://app.example";

const defaults = {
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
  PHAROS_CORS_ORIGIN: pageOrigin,
  PHAROS_PUBLISH_ORIGIN: pageOrigin,
};

type Settings = Readonly<Record<string, string>>;

/**
 * A whole hub over real HTTP for all tests of a file. Each test uses separate topics. The hub accepts the tokens of
 * test/support/token.ts; `settings` are environment variables.
 */
export function hubOfFile(settings: Settings = {}): () => Site {
  let site: Site | undefined;
  const ends: (() => void | Promise<void>)[] = [];
  // This hook is declared here, because a hook that another hook declares never runs.
  afterAll(async () => {
    for (const end of ends) await end();
  });
  beforeAll(async () => {
    site = await startHub(settings, (end) => void ends.unshift(end));
  });
  return () => {
    if (site === undefined) throw new Error("the hub has not been started");
    return site;
  };
}

/** A hub for one test. */
export function startHub(
  settings: Settings = {},
  onEnd?: (action: () => void | Promise<void>) => void,
): Promise<Site> {
  return startSite("http", {
    settings: { ...defaults, ...settings },
    ...(onEnd === undefined ? {} : { onEnd }),
  });
}

/** Publishes a form, with a token that allows everything unless the headers say otherwise. */
export async function publish(site: Site, body: string, headers?: Headers): Promise<ResponseText> {
  return post(site, { body, headers: headers ?? bearer(await currentToken({ publish: ["*"] })) });
}

/** The head of the response to a query. Includes the body unless the response is a stream. */
export function request(
  site: Site,
  query: string,
  options: { readonly method?: string; readonly headers?: Headers } = {},
): Promise<ResponseText> {
  return ask(site, requestBytes({ path: `${mercurePath}?${query}`, ...options }));
}

/** Sends a QUERY request with a form as its body. */
export async function query(
  site: Site,
  options: { readonly query?: string; readonly body: string; readonly headers?: Headers },
): Promise<ResponseText> {
  const length = { "Content-Length": String(Buffer.byteLength(options.body, "latin1")) };
  const headers = { "Content-Type": formType, ...options.headers, ...length };
  const path = options.query === undefined ? mercurePath : `${mercurePath}?${options.query}`;
  return ask(site, requestBytes({ method: "QUERY", path, headers, body: options.body }));
}

/** A header of the response that opened a stream. */
export function headerOf(stream: ClientStream, name: string): string | undefined {
  return parseResponse(stream.connection.text)?.headers.get(name.toLowerCase());
}

let ends = 0;

/**
 * The publications on these topics that a subscriber with this query gets. The query also has a topic for the last
 * publication. If data does not arrive before the last publication, the data does not arrive at all.
 */
export async function delivered(
  site: Site,
  matchers: string,
  topics: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const end = `end/${(ends += 1)}`;
  const name = /^&*topic=/.test(matchers) ? "topic" : "match";
  const stream = await subscribe(site, `${matchers}&${name}=${end}`);
  for (const topic of topics) {
    const { status, body } = await publish(site, new URLSearchParams({ topic, data: topic }).toString());
    if (status !== 200) throw new Error(`${JSON.stringify(topic)} was refused: ${body}`);
  }
  await publish(site, `topic=${end}&data=${end}`);
  return (await stream.dataUntil(end)).slice(0, -1);
}

/** The data of a stream up to a last publication. */
export async function dataBefore(
  site: Site,
  stream: ClientStream,
  topic: string,
): Promise<readonly (string | undefined)[]> {
  const end = `end/${(ends += 1)}`;
  await publish(site, new URLSearchParams({ topic, data: end }).toString());
  return (await stream.dataUntil(end)).slice(0, -1);
}
