import { hubUrl } from "./address.js";
import { gapSentence } from "./gap.js";
import { connect } from "./pharos-client.js";

/**
 * The page's only connection to the hub. `onEvent` gets `{id, topics, type, data, retained}`. `onGap` gets an object
 * for each gap; its `data` is a sentence that describes the gap. `onState` gets `{kind, reason?, delayMs?, transport?,
 * resumedAt?}`.
 */
export class Following {
  #tell;
  #live;
  #chosen;

  constructor({ onState, onEvent, onGap }) {
    this.#tell = { onState, onEvent, onGap };
  }

  /** Closes the previous connection, and opens a connection for `chosen`. */
  begin(chosen) {
    this.#live?.close();
    this.#chosen = chosen;
    const { topics, transport, token, lastEventId } = chosen;
    const live = connect(hubUrl(), {
      transport,
      lastEventId,
      ...(topics.length > 0 && { filters: topics }),
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

  /** Reconnects at once and resumes after the last event. */
  retry() {
    this.begin({ ...this.#chosen, lastEventId: this.#live.lastEventId });
  }

  #takeState(state) {
    const reason = state.kind === "closed" ? (state.error?.reason ?? state.error?.message) : state.reason;
    const resumedAt = state.kind === "open" ? this.#live.lastEventId : undefined;
    this.#tell.onState({ ...state, reason, resumedAt });
  }

  #takeGap({ id, reason, topics, more }) {
    const raw = JSON.stringify({ reason, topics, more });
    const data = gapSentence({ reason, topics, more });
    this.#tell.onGap({ id, topics: [], type: "gap", data, raw, isGap: true });
  }
}
