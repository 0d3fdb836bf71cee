import { hubUrl } from "./address.js";
import { checkFilters } from "./filter-check.js";
import { gapSentence } from "./gap.js";
import { connect } from "./pharos-client.js";
import { reasonInWords } from "./reason.js";

/**
 * The page's only connection to the hub. `onEvent` gets `{id, topics, type, data, retained}`. `onGap` gets an object
 * for each gap; its `data` is a sentence that describes the gap. `onState` gets `{kind, reason?, delayMs?, transport?,
 * resumedAt?}`. `onRefused` gets `{topics, refused, reason}` when the hub refuses filters: the page then follows
 * `topics`.
 */
export class Following {
  #tell;
  #live;
  #chosen;
  /** Counts the calls of `follow`. Only the answer to the last call counts. */
  #turn = 0;

  constructor({ onState, onEvent, onGap, onRefused }) {
    this.#tell = { onState, onEvent, onGap, onRefused };
  }

  /**
   * Follows `{topics, transport, token, lastEventId}`. Filters that the hub refuses are dropped, and the stream of the
   * other filters goes on. If none is left, the earlier filters stay; if there were none, there is no connection. A
   * restart opens a new connection; otherwise only the filters change.
   */
  async follow(chosen, { isRestart }) {
    const mine = ++this.#turn;
    const before = this.#chosen?.topics;
    if (isRestart) this.#end();
    const known = before ?? [];
    const { accepted, refused, reason } = await checkFilters(chosen.topics, { known, token: chosen.token });
    if (mine !== this.#turn) return;
    const topics = accepted.length > 0 || refused.length === 0 ? accepted : before;
    if (topics === undefined) {
      this.#end();
      this.#tell.onState({ kind: "closed", reason });
      return;
    }
    if (refused.length > 0) this.#tell.onRefused({ topics, refused, reason });
    await this.#apply({ ...chosen, topics }, before);
  }

  /** Reconnects at once and resumes after the last event. Returns false if there is no connection to resume. */
  retry() {
    if (this.#live === undefined) return false;
    this.#begin({ ...this.#chosen, lastEventId: this.#live.lastEventId });
    return true;
  }

  /** The hub may refuse a change that it accepted a moment before, for example because it is full. */
  async #apply(chosen, before) {
    if (this.#live === undefined || this.#live.state.kind === "closed") return this.#begin(chosen);
    const live = this.#live;
    const changed = (this.#chosen = { ...this.#chosen, topics: chosen.topics });
    try {
      await changeFilters(live, filtersOf(chosen.topics));
    } catch (error) {
      const isLast = live === this.#live && this.#chosen === changed;
      if (!isLast || live.state.kind === "closed") return;
      this.#chosen = { ...changed, topics: before };
      const refused = chosen.topics.filter((topic) => !before.includes(topic));
      this.#tell.onRefused({ topics: before, refused, reason: error.reason ?? error.message });
    }
  }

  #begin(chosen) {
    this.#end();
    this.#chosen = chosen;
    const { topics, transport, token, lastEventId } = chosen;
    const live = connect(hubUrl(), {
      transport,
      lastEventId,
      filters: filtersOf(topics),
      ...(token && { token }),
    });
    this.#live = live;
    // Ignore everything from a connection that the page itself has closed.
    const whilePresent = (take) => (told) => live === this.#live && take(told);
    live.on(
      "state",
      whilePresent((state) => this.#takeState(state)),
    );
    live.on(
      "gap",
      whilePresent((gap) => this.#takeGap(gap)),
    );
    live.on(
      "event",
      whilePresent((event) => this.#tell.onEvent({ type: "message", ...event })),
    );
  }

  #end() {
    const live = this.#live;
    this.#live = undefined;
    live?.close();
  }

  #takeState(state) {
    const reason = state.kind === "closed" ? (state.error?.reason ?? state.error?.message) : state.reason;
    const resumedAt = state.kind === "open" ? this.#live.lastEventId : undefined;
    this.#tell.onState({ ...state, reason: reasonInWords(reason), resumedAt });
  }

  #takeGap({ id, reason, topics, more }) {
    const raw = JSON.stringify({ reason, topics, more });
    const data = gapSentence({ reason, topics, more });
    this.#tell.onGap({ id, topics: [], type: "gap", data, raw, isGap: true });
  }
}

/** Events of the filters that stay continue without a gap. Both calls in one turn are one change for the hub. */
function changeFilters(live, wanted) {
  const before = live.filters;
  const added = wanted.filter((filter) => !before.includes(filter));
  const dropped = before.filter((filter) => !wanted.includes(filter));
  return Promise.all([
    ...(added.length > 0 ? [live.add(...added)] : []),
    ...(dropped.length > 0 ? [live.drop(...dropped)] : []),
  ]);
}

/** Without filters, the hub sends the topic `broadcast`. */
const filtersOf = (topics) => (topics.length > 0 ? topics : ["broadcast"]);
