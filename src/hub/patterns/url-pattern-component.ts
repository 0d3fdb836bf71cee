import type { RE2JS } from "re2js";
import { joinTexts, text } from "./pattern.js";
import type { Letters, Part } from "./pattern.js";
import { matchesPattern } from "./pattern-matcher.js";
import type { Work } from "./pattern-matcher.js";
import { compileRegExp } from "./url-pattern-regexp.js";
import { parsePatternGroups } from "./url-pattern-groups.js";
import type { Delimiter, PatternGroup } from "./url-pattern-groups.js";

/** One component of a URL pattern. */
export type ComponentMatcher =
  | { readonly kind: "any" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "parts"; readonly parts: readonly Part[] }
  | { readonly kind: "expression"; readonly expression: RE2JS; readonly beginning: readonly Part[] };

const anything: Part = { kind: "run", letters: { kind: "any" }, atLeast: 0 };

/** True if this component of a topic's URL matches. */
export function matchesComponent(matcher: ComponentMatcher, component: string, work?: Work): boolean {
  switch (matcher.kind) {
    case "any":
      return true;
    case "text":
      return matcher.text === component;
    case "parts":
      return matchesPattern(matcher.parts, component, work);
    case "expression":
      if (work !== undefined) work.steps += matcher.expression.programSize() * component.length;
      return matcher.expression.testExact(component);
    default:
      return matcher satisfies never;
  }
}

/**
 * Reads one component of a URL pattern in the canonical form of `URLPattern` [URL Pattern, 2.1].
 *
 * @throws PharosError `bad-filter` if a regular expression has no linear-time form or is too large
 */
export function parseComponent(canonical: string, delimiter: Delimiter): ComponentMatcher {
  if (canonical === "*") return { kind: "any" };
  if (!/[*(){}:\\?+]/.test(canonical)) return { kind: "text", text: canonical };
  const groups = parsePatternGroups(canonical, delimiter);
  if (groups.some(({ middle }) => middle?.kind === "expression")) {
    const beginning = joinTexts(groups.flatMap((group) => partsOf(group, delimiter)));
    return { kind: "expression", expression: compileRegExp(groups, delimiter), beginning };
  }
  const parts = joinTexts(groups.flatMap((group) => partsOf(group, delimiter)));
  const [only, ...more] = parts;
  if (only === undefined) return { kind: "text", text: "" };
  if (only.kind === "text" && more.length === 0) return { kind: "text", text: only.text };
  return { kind: "parts", parts };
}

/** The parts of a component for the index. A regular expression counts as a wildcard. */
export function beginningParts(matcher: ComponentMatcher): readonly Part[] {
  switch (matcher.kind) {
    case "any":
      return [anything];
    case "text":
      return [text(matcher.text)];
    case "parts":
      return matcher.parts;
    case "expression":
      return matcher.beginning;
    default:
      return matcher satisfies never;
  }
}

function partsOf({ before, middle, after, modifier }: PatternGroup, delimiter: Delimiter): readonly Part[] {
  const parts = joinTexts([text(before), ...middleParts(middle, delimiter), text(after)]);
  switch (modifier) {
    case "":
      return parts;
    case "?":
      return [{ kind: "choice", of: [[], parts] }];
    case "*":
      return [{ kind: "repeat", of: parts }];
    case "+":
      return [...parts, { kind: "repeat", of: parts }];
    default:
      return modifier satisfies never;
  }
}

function middleParts(middle: PatternGroup["middle"], delimiter: Delimiter): readonly Part[] {
  if (middle === undefined) return [];
  // A regular expression is matched as a whole. For the index, the known beginning ends before the regular expression.
  if (middle.kind !== "segment") return [anything];
  const letters: Letters = delimiter === "" ? { kind: "any" } : { kind: "without", delimiter };
  return [{ kind: "run", letters, atLeast: 1 }];
}
