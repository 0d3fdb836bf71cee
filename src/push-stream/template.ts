/** What a message says, in the words of a template; each as it is to be written. */
export interface Words {
  readonly id: string;
  readonly "event-id": string;
  readonly "event-type": string;
  readonly channel: string;
  readonly text: string;
  readonly size: string;
  readonly tag: string;
  readonly time: string;
}

type Word = keyof Words;

const wordForm = /~(id|event-id|event-type|channel|text|size|tag|time)~/gi;

/** Text with words between tildes, in any case of letters; a word's own value is never read for words. */
export class Template {
  /** Texts and words in turn, a text first. */
  readonly #parts: readonly string[];

  constructor(text: string) {
    this.#parts = text.split(wordForm);
  }

  write(words: Words): string {
    return this.#parts.map((part, index) => (index % 2 === 0 ? part : words[wordOf(part)])).join("");
  }
}

function wordOf(part: string): Word {
  return part.toLowerCase() as Word;
}
