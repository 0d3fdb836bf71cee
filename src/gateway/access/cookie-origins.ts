/** Origins whose pages may publish with a cookie. */
export class CookieOrigins {
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly { readonly before: string; readonly after: string }[];

  /** @param origins as browsers send them; one `*` in an origin stands for part of its host or for its port, alone for all */
  constructor(origins: readonly string[]) {
    this.#exact = new Set(origins);
    this.#patterns = origins.flatMap((origin) => {
      const [before = "", after] = origin.split("*");
      return after === undefined ? [] : [{ before, after }];
    });
  }

  /** True when a page of this origin may; for the text of an `Origin` header, whatever it is. */
  has(origin: string): boolean {
    if (this.#exact.has("*") || this.#exact.has(origin)) return true;
    return this.#patterns.some(({ before, after }) => {
      const end = origin.length - after.length;
      const part = origin.slice(before.length, Math.max(before.length, end));
      return origin.startsWith(before) && origin.endsWith(after) && hostOrPort.test(part);
    });
  }
}

/** What `*` may stand for: letters, digits, `-` and dots between them, so that it reaches neither past a host nor a port. */
const hostOrPort = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
