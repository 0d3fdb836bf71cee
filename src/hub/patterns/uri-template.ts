import { escapedLetters, joinTexts, text } from "./pattern.js";
import type { Part } from "./pattern.js";

/** The form in which an operator of a URI template writes variables [RFC 6570, appendix A]. */
interface Operator {
  readonly first: string;
  readonly separator: string;
  /** True if each value follows its name. */
  readonly isNamed: boolean;
  /** The text after the name if the value is empty. */
  readonly ifEmpty: "" | "=";
  readonly allowsReserved: boolean;
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ["", operator("", ",")],
  ["+", { ...operator("", ","), allowsReserved: true }],
  ["#", { ...operator("#", ","), allowsReserved: true }],
  [".", operator(".", ".")],
  ["/", operator("/", "/")],
  [";", { ...operator(";", ";"), isNamed: true }],
  ["?", { ...operator("?", "&"), isNamed: true, ifEmpty: "=" }],
  ["&", { ...operator("&", "&"), isNamed: true, ifEmpty: "=" }],
]);

function operator(first: string, separator: string): Operator {
  return { first, separator, isNamed: false, ifEmpty: "", allowsReserved: false };
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
const reserved = ":/?#[]@!$&'()*+,;=";

const letters = {
  plain: escapedLetters(unreserved),
  /** A list is written with commas. The keys and values of a map are also written with commas. */
  listed: escapedLetters(`${unreserved},`),
  reserved: escapedLetters(unreserved + reserved),
};

const character = "(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})";
const variable = `${character}(?:\\.?${character})*(?::[1-9][0-9]{0,3}|\\*)?`;
const expressionForm = new RegExp(`^([+#./;?&]?)(${variable}(?:,${variable})*)$`);

/** Literal text between expressions [RFC 6570, 2.1]. Erratum 6937 of RFC 6570 adds the apostrophe. */
const literalForm =
  /^(?:[!#$&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]|%[0-9A-Fa-f]{2}|[\u00a0-\ud7ff\ue000-\uffef]|[\u{10000}-\u{10fffd}])+$/u;

/**
 * Reads a URI template [RFC 6570, level 4]. The returned parts match every expansion of the template with any values of
 * the variables. A variable that occurs twice may have two different values.
 *
 * @returns undefined if the text is not a template, or has no expression
 */
export function parseUriTemplate(template: string): readonly Part[] | undefined {
  const pieces = template.split(/(\{[^{}]*\})/);
  if (pieces.length === 1) return undefined;
  const parts: Part[] = [];
  for (const [index, piece] of pieces.entries()) {
    const more = index % 2 === 0 ? literalParts(piece) : expressionParts(piece.slice(1, -1));
    if (more === undefined) return undefined;
    parts.push(...more);
  }
  return joinTexts(parts);
}

/**
 * The parts of literal text. A non-ASCII character matches as its escaped bytes [RFC 6570, 3.1], and also unescaped.
 */
function literalParts(literal: string): readonly Part[] | undefined {
  if (literal !== "" && !literalForm.test(literal)) return undefined;
  return literal.split(/([^\0-\x7f]+)/).map((piece, index): Part => {
    if (index % 2 === 0) return text(piece);
    return { kind: "choice", of: [[text(piece)], [text(encodeURIComponent(piece))]] };
  });
}

function expressionParts(expression: string): readonly Part[] | undefined {
  const [, sign, list] = expressionForm.exec(expression) ?? [];
  const form = operators.get(sign ?? "");
  if (list === undefined || form === undefined) return undefined;
  const values = list.split(",").map((variable) => valueParts(variable, form));
  const [only] = values;
  // One part matches both an empty value and any other value. So the index sees that the part stays within one level.
  if (form.first === "" && values.length === 1 && only !== undefined) return only;
  return [{ kind: "joined", first: form.first, separator: form.separator, of: values }];
}

/** The expansions of one defined variable [RFC 6570, 3.2.1]. */
function valueParts(variable: string, form: Operator): readonly Part[] {
  if (variable.endsWith("*")) return explodedParts(form);
  const [name = "", length] = variable.split(":");
  const value: Part = {
    kind: "run",
    letters: form.allowsReserved ? letters.reserved : length === undefined ? letters.listed : letters.plain,
    atLeast: 0,
    ...(length === undefined ? {} : { atMost: Number(length) }),
  };
  return form.isNamed ? [text(name), ...behindName(form, value)] : [value];
}

function behindName(form: Operator, value: Part): readonly Part[] {
  const written = [text("="), value];
  return form.ifEmpty === "=" ? written : [{ kind: "choice", of: [[], written] }];
}

/** A list, or keys with values. Each item is written like a separate variable [RFC 6570, 2.4.2]. */
function explodedParts(form: Operator): readonly Part[] {
  const value: Part = {
    kind: "run",
    letters: form.allowsReserved ? letters.reserved : letters.plain,
    atLeast: 0,
  };
  // With names, a list has the same form as a map.
  if (form.isNamed) return manyOf([value, ...behindName(form, value)], form.separator);
  const pairs = manyOf([value, text("="), value], form.separator);
  return [{ kind: "choice", of: [manyOf([value], form.separator), pairs] }];
}

function manyOf(parts: readonly Part[], separator: string): readonly Part[] {
  return [...parts, { kind: "repeat", of: [text(separator), ...parts] }];
}
