import { Live } from "../../base/live/live.js";
import type { Config } from "../../config/config.js";
import { hidden } from "../../config/raw/faults.js";
import { readCurveKeyFile } from "../../zeromq/curve/key-file.js";
import { parseCurveServer, type CurveServer } from "../../zeromq/curve/keys.js";
import { readIngestKeys } from "./ingest-keys.js";
import type { PreparedFiles, Reloadable } from "./reloadable.js";

/**
 * The keys for ingest endpoints that other machines can reach. The list of publishers can change while the hub runs. The
 * hub's own pair cannot, because its sockets have it.
 */
export class LiveIngestKeys implements Reloadable {
  #keys: Live<CurveServer> | undefined;

  /**
   * Reads the file, as {@link readIngestKeys}. The fields of the result change with a reload, so read them at each use.
   */
  open(options: Parameters<typeof readIngestKeys>[0]): CurveServer | undefined {
    const keys = readIngestKeys(options);
    this.#keys = keys && new Live(keys);
    return this.#keys?.current;
  }

  /** @throws PharosError `bad-curve-key` if the file cannot be used */
  prepare({ ingestCurve: file }: Pick<Config, "ingestCurve">): PreparedFiles {
    const keys = this.#keys;
    if (keys === undefined || file === undefined) return { use: () => undefined };
    const { clients, publicKey } = parseCurveServer(readCurveKeyFile(file).content, file);
    const hasOtherPair = publicKey !== keys.current.publicKey;
    return {
      use: () => keys.replace({ ...keys.current, clients }),
      kept: hasOtherPair ? [{ setting: "ingestCurve", from: hidden, to: hidden }] : [],
    };
  }
}
