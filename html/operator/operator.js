import { bindTheme, restoreTheme } from "../theme.js";
import { Cards } from "./cards.js";
import { Figures, Readings } from "./figures.js";
import { formatUptime } from "./format.js";
import { showTable, tablesOf } from "./tables.js";

restoreTheme();

const everyMs = 2_000;
const timeoutMs = 5_000;

const ui = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const cards = new Cards(ui.cards);
const readings = new Readings();
let token = "";
let timer;

async function read() {
  clearTimeout(timer);
  const answer = document.hidden ? undefined : await ask();
  if (answer?.stats) show(answer.stats);
  if (answer?.detail) refuse(answer);
  if (answer?.needsToken !== true) timer = setTimeout(() => void read(), everyMs);
}

/** Requests the figures. Resolves with `{stats}` or, after a failure, with `{detail, needsToken?}`. Never rejects. */
async function ask() {
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  try {
    const reply = await fetch("../stats", {
      headers,
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (reply.ok) return { stats: await reply.json() };
    if (reply.status === 401)
      return {
        needsToken: true,
        detail: token === "" ? "Enter the admin token to see the figures." : "The admin token is wrong.",
      };
    if (reply.status === 404)
      return {
        detail:
          "This address does not serve the figures. Open the page at the hub's admin address (--admin).",
      };
    const problem = await reply.json().catch(() => ({}));
    return { detail: String(problem.detail ?? `The hub responded with status ${reply.status}.`) };
  } catch {
    return { detail: "The hub does not respond. This page tries again every two seconds." };
  }
}

function show(stats) {
  const now = new Figures(stats);
  const change = readings.add(now);
  const recent = readings.recent;
  if (recent.seconds === 0) cards.clear();
  cards.show(now, change);
  const tables = tablesOf({ now, change, recent });
  for (const [name, table] of Object.entries(tables)) showTable(ui[name], table);
  ui.version.textContent = stats.version;
  setState("open", "Up");
  ui.clock.textContent = formatUptime(stats.uptimeSeconds);
  ui.figures.hidden = false;
  ui.note.hidden = true;
  ui.login.hidden = true;
}

/**
 * Shows why there are no new figures. The last figures stay on the page, because they show the state before the hub
 * stopped.
 */
function refuse({ detail, needsToken }) {
  setState(needsToken ? "closed" : "waiting", needsToken ? "Token needed" : "No response");
  ui.clock.textContent = "";
  ui.note.textContent = detail;
  ui.note.hidden = false;
  const isNew = needsToken && ui.login.hidden;
  ui.login.hidden = needsToken !== true;
  if (isNew) ui.token.focus();
}

function setState(kind, text) {
  document.body.dataset.state = kind;
  if (ui.state.textContent !== text) ui.state.textContent = text;
}

bindTheme(ui.theme);
ui.login.addEventListener("submit", (event) => {
  event.preventDefault();
  token = ui.token.value.trim();
  ui.token.value = "";
  void read();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && ui.login.hidden) void read();
});
void read();
