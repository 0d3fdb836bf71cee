/**
 * What is followed lives in the page's hash (`#topic=news/%23&type=alert`), so that a reload, a bookmark and
 * the back button keep it. URLSearchParams is not used: it reads and writes `+` as a space.
 */
export function parseHash(hash) {
  const chosen = { topics: new Set(), types: new Set() };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, ...rest] = part.split("=");
    const value = decode(rest.join("="));
    if (name === "topic" && value) chosen.topics.add(value);
    if (name === "type" && value && !value.startsWith("pharos-")) chosen.types.add(value);
  }
  return { topics: [...chosen.topics], types: [...chosen.types] };
}

export function encodeHash({ topics, types }) {
  return [...topics.map((t) => `topic=${encode(t)}`), ...types.map((t) => `type=${encode(t)}`)].join("&");
}

/** The stream's address, next to the page wherever that is mounted. `lastEventId` resumes where an earlier stream ended. */
export function streamUrl(topics, lastEventId = "") {
  const query = topics.map((topic) => `topic=${encode(topic)}`);
  if (lastEventId) query.push(`last_event_id=${encode(lastEventId)}`);
  return new URL(`esupdates${query.length ? "?" : ""}${query.join("&")}`, document.baseURI).href;
}

export const curlLine = (topics) => `curl -N ${quote(streamUrl(topics))}`;

/** A command that publishes something which the first of these filters matches. */
export function publishLine([filter]) {
  const topic = filter?.replace(/(?<=^|\/)[+#](?=\/|$)/g, "example");
  return `./scripts/pharos publish ${topic ? `--topic ${quote(topic)} ` : ""}--data 'Hello from the tower'`;
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

const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
