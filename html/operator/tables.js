import { formatBytes, formatNumber, formatSeconds } from "./format.js";

/** Counters of what did not go as somebody wished, each with the words for it and the label that tells more. */
const setbacks = [
  ["requests_refused_total", "request refused"],
  ["publications_refused_total", "publication refused"],
  ["publishers_refused_total", "publisher refused"],
  ["frames_refused_total", "malformed frame"],
  ["connections_cut_total", "connection cut"],
  ["gaps_total", "gap told"],
];

const levels = [
  ["History", "history_bytes", formatBytes],
  ["Topics with a history", "history_topics", formatNumber],
  ["Retained values", "retained_bytes", formatBytes],
  ["Waiting for rounds", "pending_bytes", formatBytes],
  ["Request bodies", "request_body_bytes", formatBytes],
  ["Filters", "filter_bytes", formatBytes],
  ["Cohorts", "cohorts", formatNumber],
];

/**
 * What the tables hold: `{head, rows, none}`. A cell is a text or a number's text; names of columns that begin with a
 * hyphen are of numbers. `recent` is the change of the last minutes, `change` that since the last reading.
 */
export function tablesOf({ now, change, recent }) {
  const { links, workers = [] } = now.stats;
  return {
    fronts: {
      head: ["Front", "-Streams", "-Rounds/s", "-Events a round", "-Bytes a round", "-Deliveries/s"],
      rows: now.rows("connections").map(({ front, value }) => frontRow(front, value, change)),
      none: "No front is on.",
    },
    links: {
      head: ["Link", "State", "-Streams", "-Last fence", "-Late fences"],
      rows: links.map((link) => linkRow(link, now)),
      none: "None.",
    },
    workers: {
      head: ["Worker", "State", "-Process", "-Connections", "-Streams", "-Behind"],
      rows: workers.map((worker) => workerRow(worker)),
      none: "None: the hub holds the connections of the HTTP front itself.",
    },
    refusals: {
      head: ["What", "Reason", "-In 5 minutes", "-Since the start"],
      rows: setbacks.flatMap(([name, words]) => setbackRows(name, words, { now, recent })),
      none: "Nothing since the start.",
    },
    held: {
      head: ["What", "-Now"],
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

/** Writes one into a `table` element. Text that is the same stays, so that a selection in it does. */
export function showTable(table, { head, rows, none }) {
  if (table.tHead === null) table.append(headOf(head), document.createElement("tbody"));
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
    cell.textContent = name.replace(/^-/, "");
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
    if (cell.textContent !== text) cell.textContent = text;
  }
}

function classOf(content, { isFirst, name }) {
  if (typeof content !== "string") return content.state;
  if (name.startsWith("-")) return "number";
  return isFirst ? "" : "name";
}
