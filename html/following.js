import { gapSentence } from "./gap.js";
import { Stream } from "./stream.js";

/**
 * The one stream that the page follows, in the words of the page. `onEvent` gets `{id, topics, type, data, retained}`,
 * `onGap` the same for a gap, its data a sentence, `onState` what the library tells, and where it was resumed.
 */
export class Following {
  #tell;
  #stream;
  #chosen;

  constructor({ onState, onEvent, onGap }) {
    this.#tell = { onState, onEvent, onGap };
  }

  /** Ends what was followed before. */
  begin(chosen) {
    this.#chosen = chosen;
    this.#stream?.close();
    this.#stream = new Stream({
      filters: chosen.topics,
      token: chosen.token,
      lastEventId: chosen.lastEventId,
      onState: (state) => this.#takeState(state),
      onItem: (item) => this.#take(item),
    });
  }

  /** At once, where it was. */
  retry() {
    this.begin({ ...this.#chosen, lastEventId: this.#stream.lastEventId });
  }

  #takeState(state) {
    const resumedAt = state.kind === "open" ? this.#stream?.lastEventId : undefined;
    this.#tell.onState({ ...state, resumedAt });
  }

  #take(item) {
    if (item.kind === "gap") {
      const data = gapSentence(item);
      const raw = JSON.stringify({ reason: item.reason, topics: item.topics, more: item.more });
      this.#tell.onGap({ id: item.id, topics: [], type: "gap", data, raw, isGap: true });
      return;
    }
    this.#tell.onEvent(item);
  }
}
