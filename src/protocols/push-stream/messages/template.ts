/** What a message says, in the words of a template; each as it is to be written. */
export interface TemplateFields {
  readonly id: string;
  readonly "event-id": string;
  readonly "event-type": string;
  readonly channel: string;
  readonly text: string;
  readonly size: string;
  readonly tag: string;
  readonly time: string;
}

const known = [
  "id",
  "event-id",
  "event-type",
  "channel",
  "text",
  "size",
  "tag",
  "time",
] as const satisfies readonly (keyof TemplateFields)[];

const wordForm = new RegExp(`~(${known.join("|")})~`, "i");

/** Text with words between tildes, in any case of letters; a word's own value is never read for words. */
export class Template {
  readonly #parts: readonly ((words: TemplateFields) => string)[];

  constructor(text: string) {
    // Texts and words in turn, a text first.
    this.#parts = text.split(wordForm).map((part, index) => {
      const word = index % 2 === 0 ? undefined : known.find((each) => each === part.toLowerCase());
      return word === undefined ? () => part : (words) => words[word];
    });
  }

  write(words: TemplateFields): string {
    return this.#parts.map((part) => part(words)).join("");
  }
}
