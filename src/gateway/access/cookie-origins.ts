/** Origins whose pages may publish with a cookie. */
export class CookieOrigins {
  readonly #exact: ReadonlySet<string>;
  readonly #patterns: readonly { readonly before: string; readonly after: string }[];

  /**
   * @param origins as browsers send them. One `*` stands for a part of the host or for the port; `*` alone means
   *   every origin
   */
  constructor(origins: readonly string[]) {
    this.#exact = new Set(origins);
    this.#patterns = origins.flatMap((origin) => {
      const [before = "", after] = origin.split("*");
      return after === undefined ? [] : [{ before, after }];
    });
  }

  /** True if pages of this origin may publish with a cookie; accepts any value of an `Origin` header. */
  has(origin: string): boolean {
    if (this.#exact.has("*") || this.#exact.has(origin)) return true;
    return this.#patterns.some(({ before, after }) => {
      const end = origin.length - after.length;
      const part = origin.slice(before.length, Math.max(before.length, end));
      return origin.startsWith(before) && origin.endsWith(after) && hostOrPort.test(part);
    });
  }
}

/** The text that `*` may stand for: a part of the host, or the port. */
const hostOrPort = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
