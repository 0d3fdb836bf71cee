import type { TokenVerifier } from "../../auth/grants/grants.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";

interface Reloadable {
  readonly create: () => TokenVerifier | undefined;
  current: TokenVerifier;
}

/** Verifiers whose keys the hub can read again while it runs. */
export class ReloadableVerifiers {
  readonly #logger: Logger;
  readonly #verifiers: Reloadable[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Returns a verifier that uses the keys of the last successful `create`; undefined if there are no keys.
   *
   * @throws the errors of the first `create`
   */
  add(create: () => TokenVerifier | undefined): TokenVerifier | undefined {
    const current = create();
    if (current === undefined) return undefined;
    const reloadable: Reloadable = { create, current };
    this.#verifiers.push(reloadable);
    return { verify: (token) => reloadable.current.verify(token) };
  }

  /** Reads all keys again. If a key cannot be read, all earlier keys stay in use, and the log says why. */
  reload(): void {
    try {
      const fresh = this.#verifiers.map(({ create }) => create());
      for (const [index, verifier] of this.#verifiers.entries())
        verifier.current = fresh[index] ?? verifier.current;
      this.#logger.info({}, "the keys for tokens were read again");
    } catch (error) {
      const reason = messageOf(error);
      this.#logger.error(
        { reason },
        "the keys for tokens could not be read again; the earlier keys stay in use",
      );
    }
  }
}
