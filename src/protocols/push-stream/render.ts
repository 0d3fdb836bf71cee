import type { Reply } from "../../gateway/http/messages.js";
import { textReply } from "../../gateway/http/replies.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { TurnClock } from "../../base/turn-budget.js";

/** The type of a value in statistics. */
type Value = string | number | readonly Document[];

/** Statistics. The order of the fields is the order in the response. */
export type Document = object;

interface Form {
  readonly types: readonly string[];
  /** Encodes one channel. */
  readonly item: (document: Document) => string;
  /** Encodes the whole document. `items` are the encoded items of its list; empty if the document has no list. */
  readonly whole: (document: Document, items: readonly string[]) => string;
}

/** The default format. */
const json: Form = {
  types: ["application/json", "text/x-json"],
  item: (document) => toJson(document, []),
  whole: (document, items) => `${toJson(document, items)}\r\n`,
};

/** The formats of the module, in the module's order. */
const forms: readonly Form[] = Object.freeze([
  json,
  {
    types: ["application/yaml", "text/x-yaml"],
    item: (document) => `  -\r\n${toYaml(document, { indent: "    ", items: [] })}`,
    whole: (document, items) => `${toYaml(document, { indent: "", items })}\r\n`,
  },
  {
    types: ["application/xml"],
    item: (document) => `<info>${toXml(document, [])}</info>`,
    whole: (document, items) =>
      `<?xml version="1.0" encoding="UTF-8" ?>\r\n<root>${toXml(document, items)}</root>\r\n`,
  },
  {
    types: ["text/plain"],
    item: (document) => toPlain(document, []),
    whole: (document, items) => `${toPlain(document, items)}\r\n`,
  },
] satisfies readonly Form[]);

/**
 * A response in the format that the `Accept` header, `accept`, names. The function pauses between items: a list of
 * 100,000 channels would block the event loop for 1.1 s.
 */
export async function statisticsReply(
  document: Document,
  { accept, clock }: { readonly accept: string | undefined; readonly clock: TurnClock },
): Promise<Reply> {
  const wanted = (accept ?? "").toLowerCase();
  const form = forms.find(({ types }) => types.some((type) => wanted.includes(type))) ?? json;
  const type = form.types.find((name) => wanted.includes(name)) ?? "application/json";
  const budget = new TurnBudget(clock);
  const items: string[] = [];
  for (const item of listOf(document)) {
    const pause = budget.pauseIfUsedUp();
    if (pause !== undefined) await pause;
    items.push(form.item(item));
  }
  return textReply({ status: 200, type, text: form.whole(document, items), headers: [] });
}

/** Encodes JSON with the same spaces as the module, since clients compare the text. */
function toJson(document: Document, items: readonly string[]): string {
  const members = membersOf(document).map(([name, value]) => {
    if (!isList(value)) return `"${name}": ${JSON.stringify(value)}`;
    return `"${name}": [${items.map((item) => `\r\n${item}`).join(",")}\r\n]`;
  });
  return `{${members.join(", ")}}`;
}

function toYaml(
  document: Document,
  { indent, items }: { readonly indent: string; readonly items: readonly string[] },
): string {
  return membersOf(document)
    .map(([name, value]) => {
      if (!isList(value)) return `${indent}${name}: ${JSON.stringify(value)}`;
      return items.length === 0 ? `${indent}${name}: []` : [`${indent}${name}:`, ...items].join("\r\n");
    })
    .join("\r\n");
}

function toXml(document: Document, items: readonly string[]): string {
  return membersOf(document)
    .map(([name, value]) => {
      const text = isList(value)
        ? items.join("")
        : String(value).replaceAll(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
      return `<${name}>${text}</${name}>`;
    })
    .join("");
}

/** Encodes plain text. Only this format uses the name `active_subscribers` for the number of subscribers. */
function toPlain(document: Document, items: readonly string[]): string {
  return membersOf(document)
    .map(([name, value]) => {
      if (isList(value)) return `${name}:\r\n${items.join("\r\n\r\n")}`;
      return `${name === "subscribers" ? "active_subscribers" : name}: ${value}`;
    })
    .join("\r\n");
}

function listOf(document: Document): readonly Document[] {
  return membersOf(document).flatMap(([, value]) => (isList(value) ? value : []));
}

function membersOf(document: Document): readonly (readonly [name: string, value: Value])[] {
  return Object.entries(document);
}

function isList(value: Value): value is readonly Document[] {
  return Array.isArray(value);
}
