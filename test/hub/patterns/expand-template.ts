/** A variable's value: a text, a list or a map. */
export type Value = string | readonly string[] | ReadonlyMap<string, string>;

export interface Variable {
  readonly name: string;
  readonly value: Value | undefined;
  readonly modifier: string;
}

export interface Expression {
  readonly operator: string;
  readonly variables: readonly Variable[];
}

const forms: Readonly<
  Record<string, readonly [first: string, separator: string, named: boolean, ifEmpty: string]>
> = {
  "": ["", ",", false, ""],
  "+": ["", ",", false, ""],
  "#": ["#", ",", false, ""],
  ".": [".", ".", false, ""],
  "/": ["/", "/", false, ""],
  ";": [";", ";", true, ""],
  "?": ["?", "&", true, "="],
  "&": ["&", "&", true, "="],
};

/** Writes a template and an expansion of this template by the algorithm of RFC 6570, 3.2.1. */
export function expand(pieces: readonly (string | Expression)[]): {
  readonly template: string;
  readonly expansion: string;
} {
  let template = "";
  let expansion = "";
  for (const piece of pieces) {
    if (typeof piece === "string") {
      template += piece;
      expansion += piece.replaceAll(/[^\0-\x7f]+/g, encodeURIComponent);
    } else {
      template += `{${piece.operator}${piece.variables.map(({ name, modifier }) => name + modifier).join(",")}}`;
      expansion += expandExpression(piece);
    }
  }
  return { template, expansion };
}

function expandExpression({ operator, variables }: Expression): string {
  const [first, separator] = forms[operator] ?? ["", ","];
  const values = variables.flatMap((variable) => {
    const { value } = variable;
    return value === undefined ? [] : [expandVariable({ ...variable, value }, operator)];
  });
  return values.length === 0 ? "" : first + values.join(separator);
}

function expandVariable(variable: Variable & { readonly value: Value }, operator: string): string {
  const [, separator, isNamed, ifEmpty] = forms[operator] ?? ["", ",", false, ""];
  const { name, value, modifier } = variable;
  const encode = (text: string): string => encoded(text, operator === "+" || operator === "#");
  const named = (key: string, text: string): string => (text === "" ? key + ifEmpty : `${key}=${text}`);
  if (typeof value === "string") {
    const length = modifier === "" || modifier === "*" ? Infinity : Number(modifier.slice(1));
    const text = encode(Array.from(value).slice(0, length).join(""));
    return isNamed ? named(name, text) : text;
  }
  const isList = !(value instanceof Map);
  const pairs: (readonly [string, string])[] = isList
    ? [...(value as readonly string[])].map((item) => [name, item])
    : [...value];
  if (modifier === "*") {
    if (isNamed) return pairs.map(([key, item]) => named(encode(key), encode(item))).join(separator);
    return pairs
      .map(([key, item]) => (isList ? encode(item) : `${encode(key)}=${encode(item)}`))
      .join(separator);
  }
  const text = pairs
    .map(([key, item]) => (isList ? encode(item) : `${encode(key)},${encode(item)}`))
    .join(",");
  return isNamed ? named(name, text) : text;
}

function encoded(text: string, allowsReserved: boolean): string {
  const all = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (!allowsReserved) return all;
  return all.replaceAll(/%(?:3A|2F|3F|23|5B|5D|40|21|24|26|27|28|29|2A|2B|2C|3B|3D)/g, (code) =>
    decodeURIComponent(code),
  );
}
