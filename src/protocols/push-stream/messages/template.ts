/** The values for the placeholders of a template, already escaped. */
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

const placeholderForm = new RegExp(`~(${known.join("|")})~`, "i");

/**
 * Text with placeholders between tildes, in upper or lower case. The template does not replace placeholders inside
 * values.
 */
export class Template {
  readonly #parts: readonly ((fields: TemplateFields) => string)[];

  constructor(text: string) {
    // Texts and placeholders alternate. The first element is a text.
    this.#parts = text.split(placeholderForm).map((part, index) => {
      const name = index % 2 === 0 ? undefined : known.find((each) => each === part.toLowerCase());
      return name === undefined ? () => part : (fields) => fields[name];
    });
  }

  write(fields: TemplateFields): string {
    return this.#parts.map((part) => part(fields)).join("");
  }
}
