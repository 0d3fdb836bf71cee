/** The values for the placeholders of a template, already escaped, except the raw text. */
export interface TemplateFields {
  readonly id: string;
  readonly "event-id": string;
  readonly "event-type": string;
  readonly channel: string;
  readonly text: string;
  /** The text as it was published. */
  readonly rawText: string;
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

const placeholderForm = new RegExp(`~(${known.join("|")})~`, "i");

/**
 * Text with placeholders between tildes, in upper or lower case. The template does not replace placeholders inside
 * values.
 *
 * `~text~` is the text for `decodeURIComponent`. In a raw template it is the text as it was published, as in the module.
 */
export class Template {
  readonly #parts: readonly ((fields: TemplateFields) => string)[];

  constructor(text: string, { isRaw = false }: { readonly isRaw?: boolean } = {}) {
    // Texts and placeholders alternate. The first element is a text.
    this.#parts = text.split(placeholderForm).map((part, index) => {
      const name = index % 2 === 0 ? undefined : known.find((each) => each === part.toLowerCase());
      if (name === undefined) return () => part;
      const field = name === "text" && isRaw ? "rawText" : name;
      return (fields) => fields[field];
    });
  }

  write(fields: TemplateFields): string {
    return this.#parts.map((part) => part(fields)).join("");
  }
}
