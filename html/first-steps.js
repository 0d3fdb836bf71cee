import { publishUrl } from "./address.js";
import { Commands } from "./command-list.js";
import { exampleTopic, firstPublishLine, subscribeCommands, tokenLine } from "./commands.js";
import { formatTime } from "./event-table.js";

const key = "pharos-first-steps";
const timeoutMs = 5_000;

/** The data of the publication that the steps ask for. The page recognises the event by this data. */
const firstData = "Hello from the tower";

/**
 * Whether the page opens with the steps: the address names no filter and no view, and the user has neither finished nor
 * hidden the steps in this browser.
 */
export function isFirstVisit() {
  return location.hash.length <= 1 && !isDone();
}

/**
 * Three steps for a new user: follow a topic, publish to it, see the event. The commands have the hub's real address.
 * `onHide` is called when the user hides the steps.
 */
export class FirstSteps {
  #ui;
  #follow;
  #page;
  #token;
  #publish;
  #topic = "";
  /** Whether the hub accepts publications without a token. Undefined until the hub has answered. */
  #isOpen;
  #isAsked = false;
  #shown;

  constructor(ui, { onHide }) {
    this.#ui = ui;
    this.#follow = new Commands({ parent: ui["first-follow"], template: ui.command });
    this.#page = new Commands({ parent: ui["first-page"], template: ui.command });
    this.#token = new Commands({ parent: ui["first-token"], template: ui.command });
    this.#publish = new Commands({ parent: ui["first-publish"], template: ui.command });
    ui["first-hide"].addEventListener("click", () => {
      markDone();
      onHide();
    });
  }

  /** Asks the hub, once, whether publishing needs a token. Call this method when the steps become visible. */
  async open() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#isOpen = await acceptsWithoutToken();
    if (this.#shown) this.show(this.#shown);
  }

  /** `carrier` is the transport in use. `program` is the command line tool. */
  show({ topics, transport, carrier, hasToken, program }) {
    this.#shown = { topics, transport, carrier, hasToken, program };
    const ui = this.#ui;
    const topic = exampleTopic(topics);
    const needsToken = hasToken || this.#isOpen !== true;
    const [curl, , library] = subscribeCommands(topics, { hasToken, transport, carrier, program });
    this.#follow.show([{ title: "Follow", text: curl.text }]);
    this.#page.show([{ title: "JavaScript, also for the browser’s console", text: library.text }]);
    ui["first-filters"].textContent = topics.join(", ") || "broadcast";
    ui["first-rights"].textContent = rightsText({ isOpen: this.#isOpen, hasToken });
    ui["first-token"].hidden = !needsToken || hasToken;
    this.#token.show([
      { title: "Make a token, where the hub’s secret is set", text: tokenLine(topic, program) },
    ]);
    const text = firstPublishLine({ topic, data: firstData }, { hasToken: needsToken });
    this.#publish.show([{ title: "Publish", text }]);
    if (topic !== this.#topic) ui["first-arrived"].textContent = `No event with “${firstData}” yet.`;
    this.#topic = topic;
  }

  /** Call this method for every event of the page. */
  take({ topics, data, retained, at }) {
    if (data !== firstData || retained) return;
    const ui = this.#ui;
    ui["first-arrived"].textContent = `Arrived at ${formatTime(at)} on ${topics.join(", ") || "a topic"}.`;
    ui["first-arrived"].classList.add("done");
    markDone();
  }
}

function rightsText({ isOpen, hasToken }) {
  if (hasToken) return "The command uses the token in PHAROS_TOKEN.";
  if (isOpen === true) return "This hub accepts publications from you without a token.";
  if (isOpen === false) return "This hub accepts no publication without a token. These are two commands:";
  return "If the hub needs a token, make one first:";
}

/**
 * Sends a publishing request without a publication. The hub refuses it with 401 if publishing needs a token, and with
 * 400 otherwise. Resolves with undefined for any other answer. Never rejects.
 */
async function acceptsWithoutToken() {
  try {
    const reply = await fetch(publishUrl(), {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: "",
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { 400: true, 401: false, 403: false }[reply.status];
  } catch {
    return undefined;
  }
}

/** A browser may refuse storage. Each access then throws. */
function isDone() {
  try {
    return localStorage.getItem(key) === "done";
  } catch {
    return false;
  }
}

function markDone() {
  try {
    localStorage.setItem(key, "done");
  } catch {
    // Without storage, the steps come again at the next visit.
  }
}
