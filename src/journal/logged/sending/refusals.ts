import { PharosError } from "../../../base/errors.js";
import type { JournalState } from "../../journal.js";

/** The journal closed before it stored a publication. */
export function closed(): PharosError {
  return new PharosError("closed", "the journal closed before it stored this");
}

/** An item that no record can contain. */
export function aboveRecord(mostBytes: number): PharosError {
  return new PharosError("too-large", `with this journal, a request may have at most ${mostBytes} bytes`);
}

/** Nothing of a request was published. The publisher does not get the state. */
export function unavailable(why: string, state: JournalState | "slow"): PharosError {
  const reason = `the journal is ${state}`;
  return new PharosError("unavailable", `the hub ${why}; nothing was published`, {
    retryAfterSeconds: 1,
    reason,
  });
}

/** A request was appended, and is not stored yet. */
export function outcomeUnknown(): PharosError {
  return new PharosError(
    "unavailable",
    "the hub did not store the publications in time; they may be stored later. A request with the same Idempotency-Key tells, and publishes them at most once",
    { retryAfterSeconds: 1 },
  );
}
