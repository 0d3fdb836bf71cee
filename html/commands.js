import { hubUrl, pollUrl, publishUrl, socketUrl, streamUrl } from "./address.js";

/** A topic that the first filter matches; `broadcast` without filters. */
export const exampleTopic = ([filter = "broadcast"]) =>
  filter.replaceAll(/(?<=^|\/)[+#](?=\/|$)/g, "example");

/**
 * Commands and code that follow the same topics as the page: `{title, text}` in the order of display. The commands
 * never contain the token, because shell histories and screenshots often contain commands. `transport` is the user's
 * choice, and `carrier` is the transport in use. curl and the command line do not support WebSocket. `program` is the
 * command line tool.
 */
export function subscribeCommands(topics, { hasToken, transport, carrier, program }) {
  return [
    { title: "curl", text: curlLine(topics, { hasToken, carrier }) },
    { title: "Command line", text: subscribeLine(topics, program) },
    { title: "JavaScript, with the library", text: libraryLines(topics, { hasToken, transport }) },
    { title: "JavaScript, without", text: bareLines[carrier](topics, { hasToken }) },
  ];
}

/** Commands and code that send a publication: `{topic, data, type, id, retain, private}`. */
export function publishCommands(publication, { hasToken, program }) {
  return [
    { title: "curl", text: curlPublishLine(publication, hasToken) },
    { title: "Command line", text: publishLine(publication, program) },
    { title: "JavaScript", text: fetchLines(publication, hasToken) },
  ];
}

function curlLine(topics, { hasToken, carrier }) {
  const line = carrier === "poll" ? `curl ${quote(pollUrl(topics))}` : `curl -N ${quote(streamUrl(topics))}`;
  return `${line}${curlToken(hasToken)}`;
}

/** The command that the page shows before the first event. */
export function publishLine({ topic, data, type, id, retain, private: isPrivate }, program) {
  return [
    `${program} publish --url ${quote(hubUrl())} --topic ${quote(topic)}`,
    ...(type ? [`--type ${quote(type)}`] : []),
    ...(id ? [`--id ${quote(id)}`] : []),
    ...(retain ? ["--retain"] : []),
    ...(isPrivate ? ["--private"] : []),
    `--data ${quote(data)}`,
  ].join(" ");
}

/**
 * The shortest curl command that publishes. The topic is in the path, unless curl or the browser would change the path
 * of this topic.
 */
export function firstPublishLine({ topic, data }, { hasToken }) {
  const levels = topic.split("/");
  if (data.startsWith("@") || levels.some((level) => /^\.{0,2}$/.test(level)))
    return curlPublishLine({ topic, data }, hasToken);
  const url = `${publishUrl()}/${levels.map(encodeURIComponent).join("/")}`;
  return `curl -d ${quote(data)} ${quote(url)}${curlToken(hasToken)}`;
}

/** The command that makes a token for publishing to the topic, and keeps it in the variable of the other commands. */
export const tokenLine = (topic, program) =>
  `export PHAROS_TOKEN=$(${program} token --url ${quote(hubUrl())} --publish ${quote(topic)})`;

/** In a shell without the variable, curl gets no header. The hub refuses a header without a token. */
const curlToken = (hasToken) =>
  hasToken ? ` \\\n  \${PHAROS_TOKEN:+"-HAuthorization: Bearer $PHAROS_TOKEN"}` : "";

/** The first line of code that needs the token. Browsers ask the user. */
const tokenLines = (hasToken) => (hasToken ? [`const token = prompt("Token");`] : []);

function subscribeLine(topics, program) {
  const filters = topics.map((topic) => ` --topic ${quote(topic)}`).join("");
  return `${program} subscribe --url ${quote(hubUrl())}${filters}`;
}

function libraryLines(topics, { hasToken, transport }) {
  const options = [
    ...(topics.length ? [`filters: ${JSON.stringify(topics)}`] : []),
    ...(transport === "auto" ? [] : [`transport: ${JSON.stringify(transport)}`]),
    ...(hasToken ? ["token"] : []),
  ];
  return [
    // A static import would not work in the console of a browser.
    `const { connect } = await import(${JSON.stringify(new URL("pharos-client.js", hubUrl()).href)});`,
    ...tokenLines(hasToken),
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
  const protocols = hasToken ? '["pharos", `pharos.token.${encodeURIComponent(token)}`]' : '"pharos"';
  return [
    ...tokenLines(hasToken),
    `const socket = new WebSocket(${JSON.stringify(socketUrl(topics))}, ${protocols});`,
    "socket.onmessage = ({ data }) => console.log(JSON.parse(data));",
    "// A WebSocket does not reconnect: open a new one with &last_event_id= and the last id.",
  ].join("\n");
}

function pollLines(topics, { hasToken }) {
  const headers = hasToken ? ", { headers: { Authorization: `Bearer ${token}` } }" : "";
  return [
    ...tokenLines(hasToken),
    `let position = "";`,
    "for (;;) {",
    `  const url = ${JSON.stringify(`${pollUrl(topics)}&last_event_id=`)} + encodeURIComponent(position);`,
    `  const response = await (await fetch(url${headers})).json();`,
    "  for (const item of response.events) console.log(item);",
    "  position = response.position;",
    "}",
  ].join("\n");
}

/**
 * A publication is a line of JSON in every command, because paths and headers cannot hold every text. Uses `--data-raw`,
 * because `--data` reads a file if the data begins with @.
 */
function curlPublishLine(publication, hasToken) {
  const body = quote(JSON.stringify(publication));
  return `curl ${quote(publishUrl())} -H 'Content-Type: ${linesType}' \\\n  --data-raw ${body}${curlToken(hasToken)}`;
}

function fetchLines(publication, hasToken) {
  const token = hasToken ? ", Authorization: `Bearer ${token}`" : "";
  return [
    ...tokenLines(hasToken),
    `await fetch(${JSON.stringify(publishUrl())}, {`,
    `  method: "POST",`,
    `  headers: { "Content-Type": "${linesType}"${token} },`,
    `  body: JSON.stringify(${JSON.stringify(publication, undefined, 2).replaceAll("\n", "\n  ")}),`,
    "});",
  ].join("\n");
}

const linesType = "application/x-ndjson";

/** Quotes a text for a POSIX shell. A newline inside quotes is part of the text. */
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
