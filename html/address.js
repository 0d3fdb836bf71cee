import { transports } from "./transports.js";

/** The views beside the events; `events` is one of them where the page is narrow. */
export const views = ["events", "topics", "connection", "publish", "code"];

/**
 * What is followed, by which transport, and what is looked at live in the page's hash
 * (`#topic=news/%23&transport=poll&view=publish`), so that a reload, a bookmark and the back button keep them. URLSearchParams is not used: it reads and writes `+` as a space.
 */
export function parseHash(hash) {
  const chosen = { topics: new Set(), transport: transports[0], view: views[0] };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    const value = decode(rest.join("="));
    if (name === "topic" && value) chosen.topics.add(value);
    if (name === "transport" && transports.includes(value)) chosen.transport = value;
    if (name === "view" && views.includes(value)) chosen.view = value;
  }
  return { ...chosen, topics: [...chosen.topics] };
}

/** What differs from the defaults, in one order, so that equal choices have equal hashes. */
export function encodeHash({ topics, transport, view }) {
  const parts = topics.map((topic) => `topic=${encode(topic)}`);
  if (transport !== transports[0]) parts.push(`transport=${transport}`);
  if (view !== views[0]) parts.push(`view=${view}`);
  return parts.join("&");
}

/** Where the hub is: the folder of the page, wherever that is mounted. */
export const hubUrl = () => new URL(".", document.baseURI).href;

/** The address of the event stream of these filters. */
export const streamUrl = (topics) => urlOf("esupdates", topics);

/** The address of their WebSocket. */
export const socketUrl = (topics) => urlOf("ws", topics).replace(/^http/, "ws");

/** The address of a poll for them, which answers at once; further parameters may follow. */
export const pollUrl = (topics) => urlOf("poll", topics.length ? topics : ["broadcast"]);

/** Where a publication goes. */
export const publishUrl = (topic) => new URL(`publish/${encode(topic)}`, document.baseURI).href;

function urlOf(path, topics) {
  const query = topics.map((topic) => `topic=${encode(topic)}`);
  return new URL(`${path}${query.length ? "?" : ""}${query.join("&")}`, document.baseURI).href;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign typed by hand: take it as it stands
  }
}

/** encodeURIComponent leaves the apostrophe, which would end the shell's quotes in the curl line. */
const encode = (text) => encodeURIComponent(text).replaceAll("'", "%27");
