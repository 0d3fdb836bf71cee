import type { Topic } from "./topic.js";
import { parseUrl } from "../../base/url/parse-url.js";

/** The components of a URL that patterns compare, in the order of a URL. */
export const urlComponents = [
  "protocol",
  "username",
  "password",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

export type UrlComponent = (typeof urlComponents)[number];

/** A topic as a URL: its components without the delimiters, in the form that URL patterns compare. */
export type TopicUrl = Readonly<Record<UrlComponent, string>>;

/**
 * Parses topics as URLs. Relative topics are resolved against the hub's own URL [draft-dunglas-mercure-08, URL
 * Pattern]. The parser keeps the last result, because the hub compares many filters with one topic before the next
 * topic.
 */
export class TopicUrls {
  readonly #baseUrl: string;
  #topic: Topic | undefined;
  #url: TopicUrl | undefined;
  /** The number of topics parsed, for tests. */
  parsed = 0;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** Undefined if the topic is not a URL; no URL pattern matches such a topic. */
  parse(topic: Topic): TopicUrl | undefined {
    if (this.#topic !== topic) {
      this.#topic = topic;
      this.#url = topicUrl(topic, this.#baseUrl);
      this.parsed += 1;
    }
    return this.#url;
  }
}

function topicUrl(topic: Topic, baseUrl: string): TopicUrl | undefined {
  const url = parseUrl(topic, baseUrl);
  if (url === undefined) return undefined;
  return {
    protocol: url.protocol.slice(0, -1),
    username: url.username,
    password: url.password,
    hostname: url.hostname,
    port: url.port,
    pathname: url.pathname,
    search: url.search.slice(1),
    hash: url.hash.slice(1),
  };
}
