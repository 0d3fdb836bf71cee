import { PharosError } from "../../base/errors.js";
import { levelsOf, placeOf } from "./literal-prefix.js";
import type { Level } from "./literal-prefix.js";
import { countVarying, maxVaryingParts } from "./pattern.js";
import type { Work } from "./pattern-matcher.js";
import { urlComponents } from "../topics/topic-url.js";
import type { TopicUrl, UrlComponent } from "../topics/topic-url.js";
import { beginningParts, matchesComponent, parseComponent } from "./url-pattern-component.js";
import type { ComponentMatcher } from "./url-pattern-component.js";
import type { Delimiter } from "./url-pattern-groups.js";
import { splitPattern } from "./url-pattern-parser.js";

/** The schemes whose paths have segments [URL, 3.1]. */
const specialSchemes = ["http", "https", "ws", "wss", "ftp", "file"];

type Matchers = Readonly<Record<UrlComponent, ComponentMatcher>>;

/** A case-sensitive URL pattern [WHATWG URL Pattern] that matches in linear time. */
export class UrlPattern {
  /** Scheme, host and port, then segments of the path. Undefined if the pattern may match URLs of any host. */
  readonly place: readonly Level[] | undefined;
  /** The cost of matching, in varying parts. */
  readonly varying: number;
  /** True if the pattern holds a regular expression. */
  readonly hasExpression: boolean;
  readonly #checks: readonly { readonly name: UrlComponent; readonly matcher: ComponentMatcher }[];

  /**
   * @throws PharosError `bad-filter` if the text
   * - is not a URL pattern
   * - has a regular expression without a linear-time form
   * - has more than 64 varying parts
   */
  constructor(text: string, baseUrl: string) {
    const matchers = parseMatchers(text, baseUrl);
    const all = urlComponents.map((name) => ({ name, matcher: matchers[name] }));
    this.#checks = all
      .filter(({ matcher }) => matcher.kind !== "any")
      .sort((a, b) => costOf(a.matcher) - costOf(b.matcher));
    this.varying = all.reduce((sum, { matcher }) => sum + varyingIn(matcher), 0);
    if (this.varying > maxVaryingParts) {
      throw new PharosError(
        "bad-filter",
        `a URL pattern may have at most ${maxVaryingParts} wildcards and groups, not ${this.varying}`,
      );
    }
    this.hasExpression = all.some(({ matcher }) => matcher.kind === "expression");
    this.place = placeIn(matchers);
  }

  /** @param work adds up the cost, for tests that limit it */
  matches(url: TopicUrl, work?: Work): boolean {
    return this.#checks.every(({ name, matcher }) => matchesComponent(matcher, url[name], work));
  }
}

/** The levels under which an index finds the patterns that may match this URL. */
export function urlLevels(url: TopicUrl): readonly string[] {
  return [originOf(url.protocol, url.hostname, url.port), ...url.pathname.split("/").slice(1)];
}

function originOf(protocol: string, hostname: string, port: string): string {
  return `${protocol}://${hostname}:${port}`;
}

function parseMatchers(text: string, baseUrl: string): Matchers {
  const pattern = splitPattern(text, baseUrl);
  const protocol = parseComponent(pattern.protocol, "");
  // With other schemes a path has no segments [URL Pattern, 1.3].
  const isSpecial = specialSchemes.some((scheme) => matchesComponent(protocol, scheme));
  const parse = (name: UrlComponent, delimiter: Delimiter): ComponentMatcher =>
    parseComponent(pattern[name], delimiter);
  return {
    protocol,
    username: parse("username", ""),
    password: parse("password", ""),
    hostname: parse("hostname", "."),
    port: parse("port", ""),
    pathname: parse("pathname", isSpecial ? "/" : ""),
    search: parse("search", ""),
    hash: parse("hash", ""),
  };
}

/** The number of varying parts. Eight instructions of RE2 cost about as much as one varying part. */
function varyingIn(matcher: ComponentMatcher): number {
  if (matcher.kind === "expression") return Math.ceil(matcher.expression.programSize() / 8);
  return matcher.kind === "parts" ? countVarying(matcher.parts) : 0;
}

/** The cost by which components are sorted. Texts come first, because most topics fail that cheap comparison. */
function costOf(matcher: ComponentMatcher): number {
  return ["any", "text", "parts", "expression"].indexOf(matcher.kind);
}

function placeIn({ protocol, hostname, port, pathname }: Matchers): readonly Level[] | undefined {
  if (protocol.kind !== "text" || hostname.kind !== "text" || port.kind !== "text") return undefined;
  const origin = originOf(protocol.text, hostname.text, port.text);
  const [first, ...levels] = levelsOf(beginningParts(pathname));
  return placeOf(first === "" ? [origin, ...levels] : [origin]);
}
