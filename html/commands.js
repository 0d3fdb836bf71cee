import { hubUrl, pollUrl, publishUrl, socketUrl, streamUrl } from "./address.js";

/** A topic that the first filter matches; `broadcast` without filters. */
export const exampleTopic = ([filter = "broadcast"]) =>
  filter.replaceAll(/(?<=^|\/)[+#](?=\/|$)/g, "example");

/**
 * Commands and code that follow the same topics as the page: `{title, text}` in the order of display. The commands
 * never contain the token, because shell histories and screenshots often contain commands. `transport` is the user's
 * choice, and `carrier` is the transport in use. curl and the command line do not support WebSocket.
 */
export function subscribeCommands(topics, { hasToken, transport, carrier }) {
  return [
    { title: "curl", text: curlLine(topics, { hasToken, carrier }) },
    { title: "Command line", text: subscribeLine(topics) },
    { title: "JavaScript, with the library", text: libraryLines(topics, { hasToken, transport }) },
    { title: "JavaScript, without", text: bareLines[carrier](topics, { hasToken }) },
  ];
}

/** Commands and code that send a publication: `{topic, data, type, id, retain, private}`. */
export function publishCommands(publication) {
  return [
    { title: "curl", text: curlPublishLine(publication) },
    { title: "Command line", text: publishLine(publication) },
    { title: "JavaScript", text: fetchLines(publication) },
  ];
}

function curlLine(topics, { hasToken, carrier }) {
  const line = carrier === "poll" ? `curl ${quote(pollUrl(topics))}` : `curl -N ${quote(streamUrl(topics))}`;
  return `${line}${hasToken ? ` \\\n  ${tokenHeader}` : ""}`;
}

/** The command that the page shows before the first event. */
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

function libraryLines(topics, { hasToken, transport }) {
  const options = [
    ...(topics.length ? [`filters: ${JSON.stringify(topics)}`] : []),
    ...(transport === "auto" ? [] : [`transport: ${JSON.stringify(transport)}`]),
    ...(hasToken ? ["token"] : []),
  ];
  return [
    `import { connect } from ${JSON.stringify(new URL("pharos-client.js", hubUrl()).href)};`,
    "",
    `const live = connect(${JSON.stringify(hubUrl())}${options.length ? `, { ${options.join(", ")} }` : ""});`,
    "for await (const item of live) {",
    `  if (item.kind === "event") console.log(item.data);`,
    `  if (item.kind === "gap") console.warn("events were lost", item);`,
    "}",
  ].join("\n");
}

/** Code that does not use the library, for each transport. */
const bareLines = { "event-stream": eventSourceLines, websocket: socketLines, poll: pollLines };

function eventSourceLines(topics, { hasToken }) {
  return [
    ...(hasToken ? ["// EventSource cannot send a token, only a cookie."] : []),
    `const stream = new EventSource(${JSON.stringify(streamUrl(topics))});`,
    "stream.onmessage = (event) => console.log(event.data);",
    `stream.addEventListener("pharos-gap", (event) => console.warn("events were lost", event.data));`,
  ].join("\n");
}

function socketLines(topics, { hasToken }) {
  const protocols = hasToken ? '["pharos", `pharos.token.${token}`]' : '"pharos"';
  return [
    `const socket = new WebSocket(${JSON.stringify(socketUrl(topics))}, ${protocols});`,
    "socket.onmessage = ({ data }) => console.log(JSON.parse(data));",
    "// A WebSocket does not reconnect: open a new one with &last_event_id= and the last id.",
  ].join("\n");
}

function pollLines(topics, { hasToken }) {
  const headers = hasToken ? ", { headers: { Authorization: `Bearer ${token}` } }" : "";
  return [
    `let position = "";`,
    "for (;;) {",
    `  const url = ${JSON.stringify(`${pollUrl(topics)}&last_event_id=`)} + encodeURIComponent(position);`,
    `  const response = await (await fetch(url${headers})).json();`,
    "  for (const item of response.events) console.log(item);",
    "  position = response.position;",
    "}",
  ].join("\n");
}

/** Uses `--data-raw`, because `--data` reads a file if the data begins with @. */
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

/** Quotes a text for a POSIX shell. A newline inside quotes is part of the text. */
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
