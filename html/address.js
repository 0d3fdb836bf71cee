/** The views beside the events; `events` is one of them where the page is narrow. */
export const views = ["events", "topics", "connection", "publish", "code"];

/**
 * What is followed and looked at lives in the page's hash (`#topic=news/%23&view=publish`), so that a reload, a
 * bookmark and the back button keep it. URLSearchParams is not used: it reads and writes `+` as a space.
 */
export function parseHash(hash) {
  const chosen = { topics: new Set(), view: views[0] };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    const value = decode(rest.join("="));
    if (name === "topic" && value) chosen.topics.add(value);
    if (name === "view" && views.includes(value)) chosen.view = value;
  }
  return { ...chosen, topics: [...chosen.topics] };
}

/** What differs from the defaults, in one order, so that equal choices have equal hashes. */
export function encodeHash({ topics, view }) {
  const parts = topics.map((topic) => `topic=${encode(topic)}`);
  if (view !== views[0]) parts.push(`view=${view}`);
  return parts.join("&");
}

/** Where the hub is: the folder of the page, wherever that is mounted. */
export const hubUrl = () => new URL(".", document.baseURI).href;

/** The address of the stream of these filters. */
export function streamUrl(topics) {
  const query = topics.map((topic) => `topic=${encode(topic)}`);
  return new URL(`esupdates${query.length ? "?" : ""}${query.join("&")}`, document.baseURI).href;
}

/** Where a publication goes. */
export const publishUrl = (topic) => new URL(`publish/${encode(topic)}`, document.baseURI).href;

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign typed by hand: take it as it stands
  }
}

/** encodeURIComponent leaves the apostrophe, which would end the shell's quotes in the curl line. */
const encode = (text) => encodeURIComponent(text).replaceAll("'", "%27");
