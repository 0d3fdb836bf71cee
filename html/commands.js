import { hubUrl, publishUrl, streamUrl } from "./address.js";

/** A topic that the first of these filters matches, `broadcast` where there is none. */
export const exampleTopic = ([filter = "broadcast"]) =>
  filter.replaceAll(/(?<=^|\/)[+#](?=\/|$)/g, "example");

/**
 * What does in a terminal or a program what the page does: `{title, text}` in the order in which they are shown. A token
 * is never written out: commands end up in histories, and in pictures of a screen.
 */
export function subscribeCommands(topics, { hasToken }) {
  return [
    { title: "curl", text: curlLine(topics, { hasToken }) },
    { title: "Command line", text: subscribeLine(topics) },
    { title: "JavaScript, with the library", text: libraryLines(topics, { hasToken }) },
    { title: "JavaScript, without", text: eventSourceLines(topics) },
  ];
}

/** The same for a publication: `{topic, data, type, id, retain, private}`. */
export function publishCommands(publication) {
  return [
    { title: "curl", text: curlPublishLine(publication) },
    { title: "Command line", text: publishLine(publication) },
    { title: "JavaScript", text: fetchLines(publication) },
  ];
}

export function curlLine(topics, { hasToken = false } = {}) {
  return `curl -N ${quote(streamUrl(topics))}${hasToken ? ` \\\n  ${tokenHeader}` : ""}`;
}

/** For the moment in which nothing has arrived yet. */
export function publishLine({ topic, data, type, id }) {
  const options = [
    ["--topic", topic === "broadcast" ? "" : topic],
    ["--type", type],
    ["--id", id],
    ["--data", data],
  ];
  const given = options.filter(([, value]) => value).map(([name, value]) => `${name} ${quote(value)}`);
  return ["./scripts/pharos publish", ...given].join(" ");
}

const tokenHeader = `-H "Authorization: Bearer $PHAROS_TOKEN"`;

function subscribeLine(topics) {
  const filters = topics.map((topic) => ` --topic ${quote(topic)}`).join("");
  return `./scripts/pharos subscribe ${quote(streamUrl([]))}${filters}`;
}

function libraryLines(topics, { hasToken }) {
  const options = [
    ...(topics.length ? [`filters: ${JSON.stringify(topics)}`] : []),
    ...(hasToken ? ["token"] : []),
  ];
  return [
    `import { connect } from ${JSON.stringify(new URL("pharos-client.js", hubUrl()).href)};`,
    "",
    `const live = connect(${JSON.stringify(hubUrl())}${options.length ? `, { ${options.join(", ")} }` : ""});`,
    "for await (const item of live) {",
    `  if (item.kind === "event") console.log(item.data);`,
    `  if (item.kind === "gap") console.warn("some are gone", item);`,
    "}",
  ].join("\n");
}

function eventSourceLines(topics) {
  return [
    `const stream = new EventSource(${JSON.stringify(streamUrl(topics))});`,
    "stream.onmessage = (event) => console.log(event.data);",
    `stream.addEventListener("pharos-gap", (event) => console.warn("some are gone", event.data));`,
  ].join("\n");
}

/** `--data-raw`: with `--data` what begins with @ names a file. */
function curlPublishLine({ topic, data, ...rest }) {
  const headers = headersOf(rest).map(([name, value]) => ` -H ${quote(`${name}: ${value}`)}`);
  return `curl --data-raw ${quote(data)} ${quote(publishUrl(topic))}${headers.join("")} \\\n  ${tokenHeader}`;
}

function fetchLines({ topic, data, ...rest }) {
  const headers = [["Authorization", "Bearer …"], ...headersOf(rest)];
  const lines = headers.map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`);
  return [
    `await fetch(${JSON.stringify(publishUrl(topic))}, {`,
    `  method: "POST",`,
    `  body: ${JSON.stringify(data)},`,
    "  headers: {",
    ...lines,
    "  },",
    "});",
  ].join("\n");
}

function headersOf({ type, id, retain, private: isPrivate }) {
  const headers = [
    ["Event-Type", type],
    ["Event-ID", id],
    ["Retain", retain && "true"],
    ["Private", isPrivate && "true"],
  ];
  return headers.filter(([, value]) => value);
}

/** For a POSIX shell, in which a newline in quotes stays one. */
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
