import { mercurePath } from "../../../src/protocol.js";
import type { Outcome, Sent } from "../history/steps.js";

/** A request to publish, and how its answer names the ids. */
export interface PublishRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly idsIn: (body: string) => readonly string[];
}

/** A way to publish over HTTP. */
export interface HttpWay {
  readonly name: string;
  /** The largest number of publications in a request. */
  readonly most: number;
  readonly topicsPerPublication: number;
  readonly allowsRetained: boolean;
  readonly allowsPrivate: boolean;
  /** True if the way knows `Idempotency-Key`. */
  readonly allowsKey: boolean;
  readonly request: (sent: readonly Sent[]) => PublishRequest;
}

/** Every third publication has an id of its publisher. */
function ownIdOf({ data }: Sent): string | undefined {
  const [, number = ""] = /^[a-z]+\d*\.(\d+)/.exec(data) ?? [];
  return number !== "" && Number(number) % 3 === 0 ? `own-${data.split(" ")[0]}` : undefined;
}

const single: HttpWay = {
  name: "single",
  most: 1,
  topicsPerPublication: 1,
  allowsRetained: true,
  allowsPrivate: true,
  allowsKey: true,
  request: (sent) => {
    const [first = nothing] = sent;
    const id = ownIdOf(first);
    return {
      path: `/publish/${first.topics[0] ?? ""}`,
      headers: {
        ...(first.isRetained === true ? { retain: "true" } : {}),
        ...(first.isPrivate === true ? { private: "true" } : {}),
        ...(id === undefined ? {} : { "event-id": id }),
      },
      body: first.data,
      idsIn: (body) => [(JSON.parse(body) as { id: string }).id],
    };
  },
};

const lines: HttpWay = {
  name: "lines",
  most: 30,
  topicsPerPublication: 1,
  allowsRetained: true,
  allowsPrivate: true,
  allowsKey: true,
  request: (sent) => ({
    path: "/publish",
    headers: { "content-type": "application/x-ndjson" },
    body: sent.map((each) => `${JSON.stringify(lineOf(each))}\n`).join(""),
    idsIn: (body) => (JSON.parse(body) as { ids: readonly string[] }).ids,
  }),
};

const mercure: HttpWay = {
  name: "mercure",
  most: 1,
  topicsPerPublication: 2,
  allowsRetained: false,
  allowsPrivate: true,
  allowsKey: true,
  request: (sent) => {
    const [first = nothing] = sent;
    const id = ownIdOf(first);
    const form = new URLSearchParams([
      ...first.topics.map((topic) => ["topic", topic]),
      ["data", first.data],
      ...(first.isPrivate === true ? [["private", "on"]] : []),
      ...(id === undefined ? [] : [["id", id]]),
    ]);
    return {
      path: mercurePath,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
      idsIn: (body) => [body],
    };
  },
};

/** The answer has no event ids. */
const pushStream: HttpWay = {
  name: "push stream",
  most: 1,
  topicsPerPublication: 1,
  allowsRetained: false,
  allowsPrivate: false,
  allowsKey: false,
  request: (sent) => ({
    path: `/pub?id=${sent[0]?.topics[0] ?? ""}`,
    headers: {},
    body: sent[0]?.data ?? "",
    idsIn: () => [],
  }),
};

export const httpWays: readonly HttpWay[] = [single, lines, mercure, pushStream];

const nothing: Sent = { data: "", topics: [] };

function lineOf(sent: Sent): Readonly<Record<string, unknown>> {
  const { data, topics, isPrivate, isRetained } = sent;
  return { topic: topics[0], data, id: ownIdOf(sent), private: isPrivate, retain: isRetained };
}

export interface HttpAnswer {
  readonly outcome: Outcome;
  readonly ids: readonly string[];
  readonly detail: string;
}

const answerMs = 15_000;

/** Sends a request to publish. A request without an answer, or with an answer of 5xx, may be stored or not. */
export async function post(url: string, { path, headers, body, idsIn }: PublishRequest): Promise<HttpAnswer> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body, signal });
    const text = await response.text();
    const detail = `${response.status}`;
    if (response.status === 200) return { outcome: "acknowledged", ids: idsIn(text), detail };
    return { outcome: response.status < 500 ? "refused" : "unknown", ids: [], detail };
  } catch (error) {
    return { outcome: "unknown", ids: [], detail: String(error instanceof Error ? error.cause : error) };
  }
}
