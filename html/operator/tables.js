import { formatBytes, formatNumber, formatSeconds, formatSpan, formatUptime } from "./format.js";

/** Counters of error responses, closed connections and gaps, with the text to show. */
const setbacks = [
  ["requests_refused_total", "request refused"],
  ["publications_refused_total", "publication refused"],
  ["publishers_refused_total", "publisher refused"],
  ["frames_refused_total", "malformed frame"],
  ["connections_cut_total", "connection closed by the hub"],
  ["gaps_total", "gap sent"],
];

const levels = [
  ["History", "history_bytes", formatBytes],
  ["Topics with a history", "history_topics", formatNumber],
  ["Retained values", "retained_bytes", formatBytes],
  ["Waiting for delivery", "pending_bytes", formatBytes],
  ["Request bodies", "request_body_bytes", formatBytes],
  ["Filters", "filter_bytes", formatBytes],
  ["Cohorts", "cohorts", formatNumber],
];

/**
 * The tables: `{head, rows, none}`. If a table has no rows, the page shows the text `none`. Names of columns with
 * numbers begin with a hyphen. `recent` is the change in the last five minutes, or since the page was opened, and the
 * table says which. `change` is the change since the last reading.
 */
export function tablesOf({ now, change, recent }) {
  const { links, nodes, workers = [] } = now.stats;
  return {
    fronts: {
      head: ["Front", "-Streams", "-Rounds/s", "-Events/round", "-Bytes/round", "-Deliveries/s"],
      rows: now.rows("connections").map(({ front, value }) => frontRow(front, value, change)),
      none: "No front is enabled.",
    },
    links: {
      head: ["Link", "State", "-Streams", "-Last fence", "-Late fences"],
      rows: links.map((link) => linkRow(link, now)),
      none: "None.",
    },
    nodes: {
      head: ["Hub", "State", "-Streams", "-Lag", "-Last beat", "-Up for", "Version"],
      rows: nodes.map((node) => nodeRow(node, now.stats)),
      none: "None: only hubs with a journal on NATS know one another.",
    },
    workers: {
      head: ["Worker", "State", "-Process", "-Connections", "-Streams", "-Slow streams"],
      rows: workers.map((worker) => workerRow(worker)),
      none: "None: the hub's own process holds the connections of the HTTP front.",
    },
    refusals: {
      head: ["Event", "Reason", `-Last ${formatSpan(recent.seconds)}`, "-Since start"],
      rows: setbacks.flatMap(([name, words]) => setbackRows(name, words, { now, recent })),
      none: "None since start.",
    },
    held: {
      head: ["Use", "-Now"],
      rows: levels.map(([words, name, write]) => [words, write(now.sum(name))]),
      none: "Nothing.",
    },
  };
}

function frontRow(front, streams, change) {
  const labels = { front };
  return [
    front,
    formatNumber(streams),
    formatNumber(change.perSecond("rounds_total", labels)),
    formatNumber(change.ratio("round_publications_sum", "round_publications_count", labels)),
    formatBytes(change.ratio("round_bytes_sum", "round_bytes_count", labels)),
    formatNumber(change.perSecond("deliveries_total", labels)),
  ];
}

function linkRow({ name, state, streams }, now) {
  const labels = { link: name };
  const fence = now.rows("fence_seconds").some(({ link }) => link === name)
    ? now.sum("fence_seconds", labels)
    : undefined;
  return [
    name,
    { state },
    formatNumber(streams),
    formatSeconds(fence),
    formatNumber(now.sum("fences_late_total", labels)),
  ];
}

/** The clock of the hub that serves the figures tells how long each hub has been up: the browser's may be wrong. */
function nodeRow({ self, name, version, startedAt, streams, lagSeconds, state, seenSeconds }, stats) {
  const nowMs = Date.parse(stats.startedAt) + stats.uptimeSeconds * 1000;
  return [
    self ? `${name} (this hub)` : name,
    { state },
    formatNumber(streams),
    formatSeconds(lagSeconds),
    `${seenSeconds} s ago`,
    formatUptime(Math.max(0, (nowMs - Date.parse(startedAt)) / 1000)),
    version,
  ];
}

function workerRow({ worker, state, pid, connections, streams, laggards }) {
  return [
    `worker ${worker}`,
    { state },
    pid === undefined ? "–" : String(pid),
    formatNumber(connections),
    formatNumber(streams),
    formatNumber(laggards),
  ];
}

function setbackRows(name, words, { now, recent }) {
  return now
    .rows(name)
    .filter(({ value }) => value > 0)
    .map(({ value, reason }) => [
      words,
      reason ?? "–",
      formatNumber(recent.of(name, reason === undefined ? {} : { reason })),
      formatNumber(value),
    ]);
}

/**
 * Fills a `table` element. Does not replace a text by an equal text, so that a selection in the table does not
 * disappear.
 */
export function showTable(table, { head, rows, none }) {
  if (table.tHead === null) table.append(headOf(head), document.createElement("tbody"));
  for (const [n, name] of head.entries()) showText(table.tHead.rows[0].cells[n], titleOf(name));
  const body = table.tBodies[0];
  const wanted = rows.length > 0 ? rows : [[none]];
  while (body.rows.length > wanted.length) body.deleteRow(-1);
  for (const [n, cells] of wanted.entries()) fill(body.rows[n] ?? body.insertRow(), { cells, head });
  table.classList.toggle("none", rows.length === 0);
}

function headOf(head) {
  const thead = document.createElement("thead");
  const row = thead.insertRow();
  for (const name of head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.className = name.startsWith("-") ? "number" : "";
    cell.textContent = titleOf(name);
    row.append(cell);
  }
  return thead;
}

function fill(row, { cells, head }) {
  while (row.cells.length > cells.length) row.deleteCell(-1);
  for (const [n, content] of cells.entries()) {
    const cell = row.cells[n] ?? row.insertCell();
    const text = typeof content === "string" ? content : content.state;
    const isAlone = cells.length === 1;
    cell.colSpan = isAlone ? head.length : 1;
    cell.className = isAlone ? "none" : classOf(content, { isFirst: n === 0, name: head[n] });
    showText(cell, text);
  }
}

const titleOf = (name) => name.replace(/^-/, "");

function showText(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

function classOf(content, { isFirst, name }) {
  if (typeof content !== "string") return content.state;
  if (name.startsWith("-")) return "number";
  return isFirst ? "" : "name";
}
