import { transports } from "./transports.js";

/** The views of the page. Only a narrow page shows the events as a view of their own. */
export const views = ["start", "events", "topics", "history", "clients", "connection", "publish", "code"];

/**
 * The page's hash holds the filters, the transport, the view, the topic of the history, the search and the id of the open
 * event (`#topic=news/%23&transport=poll&view=publish&search=goal&event=%23a:7`), so that a reload, a bookmark and the back
 * button restore this state. Without a view in the hash, `view` is undefined. The code does not use URLSearchParams,
 * because URLSearchParams decodes `+` as a space and encodes a space as `+`.
 */
export function parseHash(hash) {
  const chosen = {
    topics: new Set(),
    transport: transports[0],
    view: undefined,
    history: "",
    search: "",
    event: "",
  };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    const value = decode(rest.join("="));
    if (name === "topic" && value) chosen.topics.add(value);
    if (name === "transport" && transports.includes(value)) chosen.transport = value;
    if (name === "view" && views.includes(value)) chosen.view = value;
    if (name === "history" || name === "search" || name === "event") chosen[name] = value;
  }
  return { ...chosen, topics: [...chosen.topics] };
}

/** The hash omits defaults and has a fixed order, so that equal choices have equal hashes. */
export function encodeHash({ topics, transport, view, history, search, event }) {
  const parts = topics.map((topic) => `topic=${encode(topic)}`);
  if (transport !== transports[0]) parts.push(`transport=${transport}`);
  if (view) parts.push(`view=${view}`);
  if (history) parts.push(`history=${encode(history)}`);
  if (search) parts.push(`search=${encode(search)}`);
  if (event) parts.push(`event=${encode(event)}`);
  return parts.join("&");
}

/** The hub's URL: the folder of the page, at any path. */
export const hubUrl = () => new URL(".", document.baseURI).href;

/** The URL of the event stream for these filters. */
export const streamUrl = (topics) => urlOf("esupdates", topics);

/** The URL of the WebSocket for these filters. */
export const socketUrl = (topics) => urlOf("ws", topics).replace(/^http/, "ws");

/**
 * The URL of a poll for these filters. The hub responds to this poll at once. The caller may append more parameters to
 * the URL.
 */
export const pollUrl = (topics) => urlOf("poll", topics.length ? topics : ["broadcast"]);

/** The URL of the list of topics. */
export const topicListUrl = () => new URL("history?limit=1000", document.baseURI).href;

/** The URL of a page of a topic's history: the newest publications, or those before an event id. */
export function historyUrl(topic, { before }) {
  const path = topic.split("/").map(encode).join("/");
  return new URL(`history/${path}${before ? `?before=${encode(before)}` : ""}`, document.baseURI).href;
}

/** The URL of the active subscriptions of all clients. */
export const subscriptionsUrl = () => new URL(".well-known/mercure/subscriptions", document.baseURI).href;

/** The URL to disconnect a subject. */
export const disconnectUrl = () => new URL("disconnect", document.baseURI).href;

/** The URL to publish to. */
export const publishUrl = () => new URL("publish", document.baseURI).href;

function urlOf(path, topics) {
  const query = topics.map((topic) => `topic=${encode(topic)}`);
  return new URL(`${path}${query.length ? "?" : ""}${query.join("&")}`, document.baseURI).href;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // the user typed a single percent sign: do not change the text
  }
}

/**
 * encodeURIComponent does not encode the apostrophe. An apostrophe in a URL would end the shell's quotes in the curl
 * command.
 */
const encode = (text) => encodeURIComponent(text).replaceAll("'", "%27");
