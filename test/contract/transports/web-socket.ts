import { clientFrame, handshakeHeaders } from "../../support/web-socket.js";
import { requestBytes } from "../http-text.js";
import { eventOfWords } from "./json-words.js";
import type { Words } from "./json-words.js";
import type { Log } from "./log.js";
import { frameTexts, openLine, opcodeOfText } from "./stream-line.js";
import type { Following, Transport } from "./transport.js";

function request({ filters, from, added = [], token }: Following): string {
  const query = new URLSearchParams([
    ...filters.map((filter) => ["topic", filter]),
    ...added.map((filter) => ["added", filter]),
    ...(from?.id === undefined ? [] : [["last_event_id", from.id]]),
  ]);
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return requestBytes({
    path: `/ws?${query.toString()}`,
    headers: { ...handshakeHeaders, ...authorization },
  });
}

/** The requests of one WebSocket that have no answer yet. */
class Questions {
  readonly #open = new Map<number, (refusal: Words | undefined) => void>();
  #last = 0;

  ask(send: (text: string) => void, message: Readonly<Record<string, unknown>>): Promise<void> {
    this.#last += 1;
    const number = this.#last;
    send(JSON.stringify({ ...message, request: number }));
    return new Promise((resolve, reject) => {
      this.#open.set(number, (refusal) => {
        if (refusal === undefined) resolve();
        else reject(new Error(`refused: ${JSON.stringify(refusal)}`));
      });
    });
  }

  answered(words: Words): void {
    this.#open.get(words.request ?? 0)?.(words.kind === "refused" ? words : undefined);
  }
}

function take(words: Words, log: Log, questions: Questions): void {
  const place = words.retained === true ? undefined : { id: words.id };
  switch (words.kind) {
    case "event":
      return log.tell(eventOfWords(words), place);
    case "gap":
      log.tell(eventOfWords(words), place);
      return log.opened();
    case "position":
      log.move(place);
      return log.opened();
    default:
      return questions.answered(words);
  }
}

/** `/ws`, where clients change their filters and renew their tokens by message. */
export const webSocket: Transport = {
  name: "a WebSocket",
  request,
  open: async (site, following, log) => {
    const questions = new Questions();
    const read = frameTexts((text) => take(JSON.parse(text) as Words, log, questions));
    const line = await openLine(site, request(following), { read, log });
    const send = (text: string): void =>
      line.write(clientFrame({ opcode: opcodeOfText, payload: Buffer.from(text) }));
    return { ...line, say: (message) => questions.ask(send, message) };
  },
  isStream: true,
  retained: "yes",
  positions: "yes",
  presence: "yes",
};
