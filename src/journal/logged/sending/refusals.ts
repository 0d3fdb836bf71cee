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

/** Nothing of a request was stored. The client does not get the state. */
export function unavailable(
  why: string,
  {
    state,
    outcome = "nothing was published",
  }: { readonly state: JournalState | "slow"; readonly outcome?: string },
): PharosError {
  const reason = `the journal is ${state}`;
  return new PharosError("unavailable", `the hub ${why}; ${outcome}`, { retryAfterSeconds: 1, reason });
}

/** The publications of a request were appended, and are not stored yet. */
export function outcomeUnknown(): PharosError {
  return new PharosError(
    "unavailable",
    "the hub did not store the publications in time; they may be stored later. A request with the same Idempotency-Key tells, and publishes them at most once",
    { retryAfterSeconds: 1 },
  );
}

/** A change that is no publication was appended, and is not stored yet. */
export function changeUnknown(): PharosError {
  return new PharosError(
    "unavailable",
    "the hub did not store the change in time; it may be stored later. Send the request again",
    { retryAfterSeconds: 1 },
  );
}
