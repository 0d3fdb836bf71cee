import { curlLine, encodeHash, parseHash, publishLine } from "./address.js";
import { Chips } from "./chips.js";
import { Meter, delayMs, formatDelay, formatRate } from "./meter.js";
import { Rows, gapSentence } from "./rows.js";
import { Stream } from "./stream.js";

const slowMs = 6_000;
const names = { connecting: "Connecting", open: "Connected", waiting: "Waiting", refused: "Refused" };

const ui = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const help = ui.note.textContent;
const rows = new Rows({ list: ui.rows, template: ui.row, onChange: showNumbers });
const topics = new Chips({ form: ui.topics, template: ui.chip, onChange: (topics) => choose({ topics }) });
const types = new Chips({ form: ui.types, template: ui.chip, onChange: (types) => choose({ types }) });

let meter = new Meter();
let delay;
let lastEventId = "";
let gapReported = false;
let stream;
let state = { kind: "connecting", since: Date.now() };

/** The hash is what is followed; everything else on the page comes from it. */
function follow() {
  const chosen = parseHash(location.hash);
  topics.show(chosen.topics);
  types.show(chosen.types);
  ui.curl.textContent = curlLine(chosen.topics);
  ui.publish.textContent = publishLine(chosen.topics);
  clear();
  stream?.close();
  stream = new Stream({ ...chosen, onState: setState, onEvent: take });
}

function choose(change) {
  const hash = encodeHash({ ...parseHash(location.hash), ...change });
  if (hash === location.hash.slice(1)) stream.open();
  else location.hash = hash;
}

function take(event) {
  const gap = event.type === "pharos-gap";
  if (gap) gapReported = true;
  else meter.count();
  delay = delayMs(event.data) ?? delay;
  lastEventId = event.lastEventId;
  const text = gap ? gapSentence(event.data) : event.data;
  rows.add({ at: new Date(), type: gap ? "gap" : event.type, id: event.lastEventId, text, gap });
  if (gap) showState();
}

function clear() {
  meter = new Meter();
  delay = undefined;
  lastEventId = "";
  gapReported = false;
  rows.clear();
  showState();
  showRate();
}

function setState(next) {
  state = { ...next, since: Date.now() };
  showState();
}

function showState() {
  document.body.dataset.state = state.kind;
  setText(ui.state, state.kind === "open" && gapReported ? "Connected, with a gap" : names[state.kind]);
  ui.retry.hidden = state.kind === "open" || state.kind === "connecting";
  const slow = state.kind === "connecting" && Date.now() - state.since > slowMs;
  setText(
    ui.note,
    slow
      ? "No answer yet: is the hub running? Or are there other tabs? A browser opens about six streams to one server."
      : (state.detail ?? help),
  );
  const seconds = Math.round(Math.abs((state.retryAt ?? state.since) - Date.now()) / 1000);
  setText(
    ui.clock,
    state.kind === "waiting" ? (state.retryAt ? `again in ${seconds} s` : `for ${seconds} s`) : "",
  );
}

function showNumbers() {
  setText(ui.total, meter.total.toLocaleString("en"));
  setText(ui.delay, delay === undefined ? "–" : formatDelay(delay));
  setText(ui.last, lastEventId || "–");
  ui.last.title = lastEventId;
  ui.empty.hidden = !rows.empty;
  setText(ui.held, rows.paused ? `${rows.held === 500 ? "500 or more" : rows.held} waiting` : "");
  setText(ui.pause, rows.paused ? "Resume" : "Pause");
}

function showRate() {
  meter.advance();
  setText(ui.rate, formatRate(meter.rate));
  ui.bars.setAttribute("d", meter.bars);
}

/** Leaves what is already right alone, so that a status is not announced again every second. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

async function copyLine() {
  await navigator.clipboard.writeText(ui.curl.textContent);
  ui.copy.textContent = "Copied";
  setTimeout(() => (ui.copy.textContent = "Copy"), 1_500);
}

function start() {
  ui.pause.addEventListener("click", () => rows.setPaused(!rows.paused));
  ui.clear.addEventListener("click", clear);
  ui.retry.addEventListener("click", () => stream.open());
  ui.copy.hidden = !navigator.clipboard; // only https and localhost have it
  ui.copy.addEventListener("click", () => void copyLine());
  window.addEventListener("hashchange", follow);
  setInterval(() => (showRate(), showState()), 1_000);
  follow();
}

if ("EventSource" in window) {
  start();
} else {
  ui.unsupported.hidden = false;
  ui.app.hidden = true;
  ui.curl.textContent = curlLine(parseHash(location.hash).topics);
  document.body.dataset.state = "unsupported";
  setText(ui.state, "Not supported");
}
