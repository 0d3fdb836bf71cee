import { PharosError } from "../../../base/errors.js";

/** The streams and subjects of one log. */
export interface StreamNames {
  /** The stream of the records. */
  readonly records: string;
  /** The subject of every record. */
  readonly subject: string;
  /** The subject on which the leader of the stream publishes each record that it has stored. */
  readonly live: string;
  /** The stream of snapshots and of the secret. */
  readonly state: string;
  /** The beginning of the subjects in the stream of snapshots, with a dot at the end. */
  readonly statePrefix: string;
}

/** The names for a log. The name has 1 to 64 letters, digits, `_` and `-`, because it is part of subjects. */
export function streamNames(name: string): StreamNames {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
    throw new PharosError(
      "bad-config",
      `the name of a stream has 1 to 64 letters, digits, _ and -, not ${JSON.stringify(name)}`,
    );
  return {
    records: name,
    subject: `pharos.journal.${name}`,
    live: `pharos.journal.${name}.live`,
    state: `${name}_state`,
    statePrefix: `pharos.journal.${name}.state.`,
  };
}
