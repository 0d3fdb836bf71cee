import type { Config } from "../../config/config.js";
import type { SettingChange } from "../../config/plan-reload.js";

/** A part of the hub that reads files, which it can read again while the hub runs. */
export interface Reloadable {
  /**
   * Reads the files of a configuration, and changes nothing.
   *
   * @throws PharosError if a file cannot be used. Then the hub changes nothing at all
   */
  prepare(config: Config): PreparedFiles;
}

/** Files that were read and can be used. */
export interface PreparedFiles {
  /** Uses the content of the files from now on. Does not throw. */
  readonly use: () => void;
  /** What the files would change, but needs a restart. @default nothing */
  readonly kept?: readonly SettingChange[];
}
