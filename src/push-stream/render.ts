import type { Reply } from "../gateway/messages.js";
import { textReply } from "../gateway/replies.js";

/** What statistics are made of. */
type Value = string | number | readonly Document[];

/** Statistics, in the order in which they are written. */
export type Document = object;

interface Form {
  readonly types: readonly string[];
  write(document: Document): string;
}

/** The forms that the module knows, in its order; the first is for whoever asks for none of them. */
const forms: readonly Form[] = Object.freeze([
  { types: ["application/json", "text/x-json"], write: (document) => `${toJson(document)}\r\n` },
  { types: ["application/yaml", "text/x-yaml"], write: (document) => `${toYaml(document, "")}\r\n` },
  {
    types: ["application/xml"],
    write: (document) => `<?xml version="1.0" encoding="UTF-8" ?>\r\n<root>${toXml(document)}</root>\r\n`,
  },
  { types: ["text/plain"], write: (document) => `${toPlain(document)}\r\n` },
] satisfies readonly Form[]);

/** An answer in the form that `accept` asks for. */
export function statisticsReply(document: Document, accept: string | undefined): Reply {
  const asked = (accept ?? "").toLowerCase();
  const form = forms.find(({ types }) => types.some((type) => asked.includes(type))) ?? forms[0];
  const type = form?.types.find((name) => asked.includes(name)) ?? "application/json";
  return textReply({ status: 200, type, text: form?.write(document) ?? "", headers: [] });
}

/** With the spaces that the module writes, since clients compare text. */
function toJson(document: Document): string {
  const members = membersOf(document).map(([name, value]) => {
    if (!isList(value)) return `"${name}": ${JSON.stringify(value)}`;
    return `"${name}": [${value.map((item) => `\r\n${toJson(item)}`).join(",")}\r\n]`;
  });
  return `{${members.join(", ")}}`;
}

function toYaml(document: Document, indent: string): string {
  return membersOf(document)
    .map(([name, value]) => {
      if (!isList(value)) return `${indent}${name}: ${JSON.stringify(value)}`;
      if (value.length === 0) return `${indent}${name}: []`;
      const items = value.map((item) => `${indent}  -\r\n${toYaml(item, `${indent}    `)}`);
      return [`${indent}${name}:`, ...items].join("\r\n");
    })
    .join("\r\n");
}

function toXml(document: Document): string {
  return membersOf(document)
    .map(([name, value]) => {
      const text = isList(value)
        ? value.map((item) => `<info>${toXml(item)}</info>`).join("")
        : String(value).replaceAll(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
      return `<${name}>${text}</${name}>`;
    })
    .join("");
}

/** Text alone calls subscribers active. */
function toPlain(document: Document): string {
  return membersOf(document)
    .map(([name, value]) => {
      if (isList(value)) return `${name}:\r\n${value.map((item) => toPlain(item)).join("\r\n\r\n")}`;
      return `${name === "subscribers" ? "active_subscribers" : name}: ${value}`;
    })
    .join("\r\n");
}

function membersOf(document: Document): readonly (readonly [name: string, value: Value])[] {
  return Object.entries(document);
}

function isList(value: Value): value is readonly Document[] {
  return Array.isArray(value);
}
