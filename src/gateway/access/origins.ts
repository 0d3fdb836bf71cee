/**
 * The treatment of a page by its origin:
 * - `none`: the origin is not listed
 * - `public`: the page gets what a client without cookies gets, because the list has `*` or `null`
 * - `credentials`: the list names the origin, so the page may also use cookies
 */
export type PageAccess = "none" | "public" | "credentials";

/** An origin with one `*`. */
interface Pattern {
  readonly before: string;
  readonly after: string;
  /** The text that `*` may stand for. */
  readonly part: RegExp;
}

/** A list of origins of pages. */
export class Origins {
  readonly isEmpty: boolean;
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly Pattern[];
  /** The entries that give `public` access. */
  readonly #open: ReadonlySet<string>;

  /**
   * @param origins as browsers send them. One `*` stands for a part of the host or for the port; `*` alone means every
   *   origin, and `null` every page without an origin of its own
   */
  constructor(origins: readonly string[]) {
    this.isEmpty = origins.length === 0;
    this.#open = new Set(origins.filter((origin) => origin === "*" || origin === "null"));
    this.#exact = new Set(origins.filter((origin) => !origin.includes("*") && origin !== "null"));
    this.#patterns = origins.flatMap((origin) => (origin === "*" ? [] : patternsOf(origin)));
  }

  /** True if the list has the origin, `*`, or a pattern that matches; accepts any value of an `Origin` header. */
  has(origin: string): boolean {
    return this.accessOf(origin) !== "none";
  }

  /**
   * The access of pages with this origin; accepts any value of an `Origin` header. Every site can make a page whose
   * origin is `null`, so `null` in the list is no reason to trust a page with cookies.
   */
  accessOf(origin: string): PageAccess {
    if (this.#exact.has(origin) || this.#patterns.some((pattern) => matches(pattern, origin)))
      return "credentials";
    return this.#open.has("*") || (origin === "null" && this.#open.has("null")) ? "public" : "none";
  }
}

function patternsOf(origin: string): readonly Pattern[] {
  const [before = "", after] = origin.split("*");
  if (after === undefined) return [];
  return [{ before, after, part: /[^/]:$/.test(before) ? port : hostPart }];
}

const port = /^\d+$/;
const hostPart = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

function matches({ before, after, part }: Pattern, origin: string): boolean {
  const end = Math.max(before.length, origin.length - after.length);
  return origin.startsWith(before) && origin.endsWith(after) && part.test(origin.slice(before.length, end));
}
