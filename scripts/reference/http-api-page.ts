import { readFileSync } from "node:fs";
import { code, generated, page, table } from "./markdown.js";

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
}

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly unknown[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
}

interface Description {
  readonly info: { readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, object>>;
}

const methods = new Set(["get", "post", "put", "delete"]);
const file = new URL("../../html/openapi.json", import.meta.url);

/** The text of docs/reference/http-api.md, made from the OpenAPI description that the hub serves. */
export function httpApiPage(): string {
  const description = resolved(JSON.parse(readFileSync(file, "utf8"))) as Description;
  const operations = Object.entries(description.paths).flatMap(([path, item]) => operationsOf(path, item));
  return page([
    `# HTTP API\n\n${generated}`,
    description.info.description,
    "Every hub serves this description for programs at `/openapi.json` (OpenAPI 3.1). [Errors](errors.md) lists the codes of error responses.",
    ...description.tags.map(({ name, description: text }) => `**${name}**: ${text}`),
    table(
      ["method", "path", "what it does"],
      operations.map(({ method, path, operation }) => [method, code(path), operation.summary]),
    ),
    ...operations.flatMap(operationBlocks),
  ]);
}

interface PathOperation {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function operationsOf(path: string, item: object): readonly PathOperation[] {
  const { parameters = [] } = item as { readonly parameters?: readonly unknown[] };
  return Object.entries(item as Readonly<Record<string, Operation>>)
    .filter(([method]) => methods.has(method))
    .map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: Object.assign({}, operation, {
        parameters: [...parameters, ...(operation.parameters ?? [])],
      }),
    }));
}

function operationBlocks({ method, path, operation }: PathOperation): readonly string[] {
  const parameters = (operation.parameters ?? []) as readonly Parameter[];
  const responses = Object.entries(operation.responses);
  return [
    `## ${method} ${code(path)}`,
    [operation.summary, operation.description ?? ""]
      .filter((text) => text !== "")
      .map(sentence)
      .join(" "),
    ...(parameters.length === 0 ? [] : [table(["parameter", "in", "meaning"], parameters.map(parameterRow))]),
    table(
      ["status", "meaning"],
      responses.map(([status, { description = "" }]) => [status, description]),
    ),
  ];
}

function parameterRow({ name, in: place, required, description = "" }: Parameter): readonly string[] {
  return [code(name), place, required === true ? `Required. ${description}` : description];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Replaces each `$ref` in the value by the target of the reference. */
function resolved(value: unknown, root: unknown = value): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => resolved(each, root));
  if ("$ref" in value) return resolved(targetOf(String(value.$ref), root), root);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolved(each, root)]));
}

/** The target of a JSON pointer into the OpenAPI description [RFC 6901]. */
function targetOf(pointer: string, root: unknown): unknown {
  const names = pointer.replace("#/", "").split("/");
  return names.reduce((value, name) => (value as Readonly<Record<string, unknown>>)[name], root);
}
