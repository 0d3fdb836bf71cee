import { encodeHash, parseHash } from "./address.js";
import { Announcer } from "./announcer.js";
import { Chips } from "./chips.js";
import { Clients } from "./clients.js";
import { CodeView } from "./code-view.js";
import { exampleTopic } from "./commands.js";
import { EventStore } from "./event-store.js";
import { EventTable } from "./event-table.js";
import { Figures } from "./figures.js";
import { FirstSteps, isFirstVisit } from "./first-steps.js";
import { Following } from "./following.js";
import { Stored } from "./stored.js";
import { Inspector } from "./inspector.js";
import { bindPublishing, publicationOf } from "./send-form.js";
import { StateLine } from "./state-line.js";
import { Tabs } from "./tabs.js";
import { bindTheme, restoreTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Topics } from "./topics.js";
import { byTransport, firstCarrier } from "./transports.js";

restoreTheme();

// The code does not use `element.id`: a form has its fields as properties, and one field has the name id.
const ui = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.getAttribute("id"), element]),
);
const wide = matchMedia("(min-width: 64rem)");
const store = new EventStore();
const figures = new Figures(ui);
const stateLine = new StateLine(ui);
const announcer = new Announcer(ui.news);
const inspector = new Inspector({ section: ui.inspector, onClose: closeEvent });
const table = new EventTable({
  body: ui.rows,
  template: ui.row,
  store,
  onOpen: openEvent,
  onDraw: showTableState,
});
const chips = new Chips({ form: ui.topics, template: ui.chip, onChange: (topics) => choose({ topics }) });
const tabs = new Tabs({ list: ui.tabs, onChoose: (view) => choose({ view }) });
const topics = new Topics({
  body: ui["topic-rows"],
  template: ui["topic-row"],
  empty: ui["no-topics"],
  onChoose: searchFor,
  onHistory: (topic) => choose({ view: "history", history: topic }),
});
const stored = new Stored(ui, {
  onChoose: (topic) => choose({ history: topic }),
  onOpen: openStored,
  token: () => ui.token.value,
});
const clients = new Clients(ui, { token: () => ui.token.value });
const timeline = new Timeline({ list: ui.timeline, strip: ui.strip, template: ui.entry });
const firstSteps = new FirstSteps(ui, { onHide: hideFirstSteps });
const codeView = new CodeView(ui, firstSteps);
const following = new Following({
  onState: takeState,
  onEvent: takeEvent,
  onGap: takeGap,
  onRefused: takeRefusal,
});

let chosen = parseHash(location.hash);
/** The view of an address without a view. */
let firstView = isFirstVisit() ? "start" : "events";
/** The transport in use, or the last transport that was in use. */
let carrier = firstCarrier(chosen.transport);

/** The back button returns to earlier filters and closes an event. It does not return to earlier views or searches. */
function choose(change) {
  const hash = encodeHash({ ...chosen, ...change });
  if (hash === location.hash.slice(1)) return;
  if (change.topics ?? change.transport) {
    location.hash = hash;
    return;
  }
  const opens = change.event !== undefined && chosen.event === "";
  history[opens ? "pushState" : "replaceState"](null, "", `#${hash}`);
  showChosen();
}

/** Shows the filters, the transport, the view, the search and the event of the hash. */
function showChosen() {
  const before = chosen;
  chosen = parseHash(location.hash);
  showView();
  if (before.view !== chosen.view || before.history !== chosen.history) showHubView();
  if (before.search !== chosen.search) showSearch();
  const isSame =
    before.topics.join("\n") === chosen.topics.join("\n") && before.transport === chosen.transport;
  if (!isSame) follow({ isRestart: before.transport !== chosen.transport });
  if (before.event !== chosen.event) showEvent();
}

/** A restart opens a new connection, and removes the earlier events. */
function follow({ isRestart }) {
  showFilters();
  if (isRestart) restart();
  void following.follow(
    { ...chosen, token: ui.token.value, lastEventId: ui.since.value.trim() },
    { isRestart },
  );
}

function restart() {
  ui.transport.value = chosen.transport;
  carrier = firstCarrier(chosen.transport);
  showCode();
  clear();
}

function takeRefusal({ topics, refused, reason }) {
  chosen = { ...chosen, topics };
  history.replaceState(null, "", `#${encodeHash(chosen)}`);
  showFilters(`The hub refused ${listOf(refused)}: ${reason}`);
}

const listOf = ([first, second, ...others]) =>
  [first, second, others.length > 0 && `${others.length} more`].filter(Boolean).join(", ");

function showFilters(refusal) {
  chips.show(chosen.topics);
  stateLine.showFilters(chosen.topics, refusal);
  ui.to.value = exampleTopic(chosen.topics);
  showCode();
}

function showView() {
  const view = chosen.view ?? firstView;
  tabs.show(wide.matches && view === "events" ? "topics" : view);
  if (view === "start") void firstSteps.open();
}

/** Shows what the hub knows, in the view that asks for it. */
function showHubView() {
  if (chosen.view === "history") void stored.show(chosen.history);
  if (chosen.view === "clients") void clients.show();
}

function hideFirstSteps() {
  firstView = "events";
  choose({ view: firstView });
}

function showSearch() {
  ui.search.value = chosen.search;
  table.search(chosen.search);
}

/** Only an event with an id has an address. */
const idOf = (item) => (item.isGap ? "" : (item.id ?? ""));

function openEvent(item) {
  opener = undefined;
  inspector.show(item);
  choose({ event: idOf(item) });
}

/** The button in the history that has opened the event. */
let opener;

function openStored(item, button) {
  opener = button;
  inspector.show(item);
}

function closeEvent() {
  if (opener?.isConnected) opener.focus();
  else table.focusOpened();
  opener = undefined;
  choose({ event: "" });
}

/** Shows the event of the hash as soon as the page has it. */
function showEvent() {
  const { event } = chosen;
  const { item } = inspector;
  if (event === (item ? idOf(item) : "")) return;
  if (event === "") return inspector.close();
  const found = store.findId(event);
  if (found) table.mark(found);
  inspector.show(found ?? missing(event));
}

const missing = (id) => ({
  id,
  topics: [],
  type: "",
  data: "This page has not received the event with this id. The page shows the event when it arrives.",
  isMissing: true,
});

function showCode() {
  const hasToken = ui.token.value !== "";
  codeView.show({ ...chosen, carrier, hasToken, publication: publicationOf(ui.publication) });
}

function takeEvent(event) {
  const item = store.add({ ...event, at: new Date() });
  figures.count(event);
  firstSteps.take(item);
  if (inspector.item?.isMissing && item.id === inspector.item.id) {
    table.mark(item);
    inspector.show(item);
  }
  topics.count(event.topics);
  announcer.count();
  table.update();
}

function takeGap(gap) {
  store.add({ ...gap, at: new Date() });
  stateLine.tellGap();
  timeline.add({ kind: "gap", text: gap.data });
  table.update();
}

function takeState(state) {
  stateLine.show(state);
  const by = state.kind === "open" ? byTransport(state.transport) : "";
  timeline.add({ kind: state.kind, text: state.reason ?? by });
  if (state.resumedAt) timeline.add({ kind: "resumed", text: `after ${state.resumedAt}` });
  if (state.kind !== "open") return;
  carrier = state.transport;
  showCode();
}

function clear() {
  store.clear();
  topics.clear();
  figures.clear();
  stateLine.clear();
  inspector.close();
  table.redraw();
}

function showTableState() {
  figures.show();
  const isSearch = ui.search.value.trim() !== "";
  ui.empty.hidden = table.rows > 0;
  ui.example.hidden = isSearch;
  setText(ui["empty-text"], isSearch ? "No stored event matches the search." : "No events yet. Publish one:");
  setText(ui.held, table.isPaused ? `${table.held.toLocaleString("en")} waiting` : "");
  setText(ui.pause, table.isPaused ? "Resume" : "Pause");
}

function searchFor(text) {
  choose({ search: text, ...(!wide.matches && { view: "events" }) });
  ui.search.focus();
}

/** Does not replace a text by an equal text, so that screen readers announce nothing twice. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function bind() {
  bindTheme(ui.theme);
  bindPublishing({ form: ui.publication, result: ui.published, token: () => ui.token.value });
  ui.publication.addEventListener("input", showCode);
  ui.search.addEventListener("input", () => table.search(ui.search.value));
  ui.search.addEventListener("change", () => choose({ search: ui.search.value }));
  ui.pause.addEventListener("click", () => table.setPaused(!table.isPaused));
  ui.clear.addEventListener("click", clear);
  ui.retry.addEventListener("click", () => {
    if (!following.retry()) follow({ isRestart: true });
  });
  ui.token.addEventListener("input", showCode);
  ui.more.addEventListener("click", () => {
    ui.options.hidden = !ui.options.hidden;
    ui.more.ariaExpanded = String(!ui.options.hidden);
  });
  ui.options.addEventListener("submit", (event) => {
    event.preventDefault();
    if (ui.transport.value === chosen.transport) follow({ isRestart: true });
    else choose({ transport: ui.transport.value });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") inspector.close();
  });
  window.addEventListener("hashchange", showChosen);
  wide.addEventListener("change", showView);
  setInterval(() => {
    figures.tick();
    topics.show();
    stateLine.tick();
    timeline.show();
  }, 1_000);
}

bind();
showView();
showSearch();
showHubView();
follow({ isRestart: true });
showEvent();
