import type { TurnBudget } from "../../base/turn-budget.js";
import type { Reply } from "../../gateway/http/messages.js";
import { textReply } from "../../gateway/http/replies.js";
import type { ChannelInfo, ChannelList, Summary } from "./statistics.js";

/** Statistics of one channel, of a list of channels, or of all channels together. */
export type Document = ChannelInfo | ChannelList | Summary;

type Fields = Readonly<Record<string, string | number>>;

/** A format of statistics. The bytes are those of the module, since clients compare the text. */
interface Form {
  readonly types: readonly string[];
  /** Encodes a channel in a list. */
  readonly item: (info: ChannelInfo) => string;
  /** Encodes a channel alone. */
  readonly single: (item: string) => string;
  readonly list: (head: Fields, items: readonly string[]) => string;
  readonly summary: (head: Fields, workers: readonly Fields[]) => string;
}

const crlf = "\r\n";

/** The default format. */
const json: Form = {
  types: ["application/json", "text/x-json"],
  item: (info) => `{${jsonMembers(fieldsOf(info))}}`,
  single: (item) => item + crlf,
  list: (head, items) => `{${jsonMembers(head)}, "infos": [${jsonLines(items)}]}${crlf}`,
  summary: (head, workers) => {
    const lines = jsonLines(workers.map((worker) => `{${jsonMembers(worker)}}`));
    return `{${jsonMembers(head)}, "by_worker": [${lines}]}${crlf}`;
  },
};

const yaml: Form = {
  types: ["application/yaml", "text/x-yaml"],
  item: (info) => lines(fieldsOf(info), (name, value) => `  ${name}: ${JSON.stringify(value)}`),
  single: (item) => item + crlf,
  list: (head, items) =>
    [
      lines(head, (name, value) => `${name}: ${JSON.stringify(value)}`),
      // A list without items needs brackets: otherwise the value is null.
      items.length === 0 ? "infos: []" : "infos: ",
      ...items.map((item) => ` -${crlf}${item}`),
      "",
    ].join(crlf),
  summary: (head, workers) => {
    const worker = (fields: Fields): string =>
      lines(fields, (name, value) => `    ${name}: ${JSON.stringify(value)}`);
    return [
      lines(head, (name, value) => `  ${name}: ${JSON.stringify(value)}`),
      "  by_worker:",
      ...workers.map((fields) => `   -${crlf}${worker(fields)}`),
      "",
    ].join(crlf);
  },
};

const xmlHead = `<?xml version="1.0" encoding="UTF-8" ?>${crlf}`;

const xml: Form = {
  types: ["application/xml"],
  // In XML, a channel has its name in the element `name`.
  item: ({ channel, ...counts }) => element("channel", lines({ name: channel, ...counts }, xmlField)),
  single: (item) => xmlHead + item + crlf,
  list: (head, items) =>
    `${xmlHead}<root>${crlf}${lines(head, xmlField)}${crlf}  <infos>${crlf}${items.join("")}  </infos>${crlf}</root>${crlf}`,
  summary: (head, workers) => {
    const items = workers.map((worker) => element("worker", lines(worker, xmlField)));
    const byWorker = `  <by_worker>${items.join("")}</by_worker>`;
    return xmlHead + element("infos", lines(head, xmlField) + crlf + byWorker);
  },
};

const plain: Form = {
  types: ["text/plain"],
  item: ({ subscribers, ...fields }) => lines({ ...fields, active_subscribers: subscribers }, plainField),
  single: (item) => item + crlf,
  list: (head, items) => {
    const begin = pairsOf(head).map(([name, value]) => plainField(name, value));
    return `${[...begin, "infos: "].join(", ")}${crlf}${items.join(`,${crlf}`)}${crlf}`;
  },
  summary: (head, workers) => {
    const items = workers.map((worker) => lines(worker, (name, value) => `  ${plainField(name, value)}`));
    return [lines(head, plainField), "by_worker:", items.join(`,${crlf}`), ""].join(crlf);
  },
};

/** The formats of the module, in the module's order. */
const forms: readonly Form[] = [json, yaml, xml, plain];

/**
 * A response in the format that the `Accept` header, `accept`, names. The function pauses between items: a list of
 * 100,000 channels would block the event loop for 1.1 s.
 */
export async function statisticsReply(
  document: Document,
  { accept, budget }: { readonly accept: string | undefined; readonly budget: TurnBudget },
): Promise<Reply> {
  const wanted = (accept ?? "").toLowerCase();
  const form = forms.find(({ types }) => types.some((type) => wanted.includes(type))) ?? json;
  const type = form.types.find((name) => wanted.includes(name)) ?? "application/json";
  return textReply({ status: 200, type, text: await encode(document, form, budget), headers: [] });
}

async function encode(document: Document, form: Form, budget: TurnBudget): Promise<string> {
  if ("channel" in document) return form.single(form.item(document));
  if ("by_worker" in document) {
    const { by_worker: workers, ...head } = document;
    return form.summary(head, workers.map(fieldsOf));
  }
  const { infos, ...head } = document;
  const items = await budget.map(infos, (info) => form.item(info));
  return form.list(head, items);
}

function fieldsOf<F extends object>(fields: F): F & Fields {
  return fields as F & Fields;
}

function pairsOf(fields: Fields): readonly (readonly [name: string, value: string | number])[] {
  return Object.entries(fields);
}

function lines(fields: Fields, line: (name: string, value: string | number) => string): string {
  return pairsOf(fields)
    .map(([name, value]) => line(name, value))
    .join(crlf);
}

function jsonMembers(fields: Fields): string {
  return pairsOf(fields)
    .map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
    .join(", ");
}

function jsonLines(items: readonly string[]): string {
  return `${items.map((item) => crlf + item).join(",")}${crlf}`;
}

function element(name: string, content: string): string {
  return `<${name}>${crlf}${content}${crlf}</${name}>${crlf}`;
}

function xmlField(name: string, value: string | number): string {
  const text = String(value).replaceAll(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  return `  <${name}>${text}</${name}>`;
}

function plainField(name: string, value: string | number): string {
  return `${name}: ${value}`;
}
