import { readNewestSnapshot, type ReadFolder } from "../../journal/disk/inspect/read-folder.js";
import { EpochChain } from "../../journal/epoch-chain.js";
import { parseSnapshotLine } from "../../journal/snapshot-line.js";

/**
 * The epochs up to the newest snapshot that can be read: the journal may have removed the records that began them. Empty
 * if there is none.
 */
export async function storedEpochs(folder: ReadFolder): Promise<EpochChain> {
  return (await readNewestSnapshot(folder, epochsIn)) ?? new EpochChain();
}

async function epochsIn(chunks: AsyncIterable<Buffer>): Promise<EpochChain> {
  const epochs = new EpochChain();
  const start = `["${epochs.name}",`;
  for await (const chunk of chunks)
    for (const line of chunk.toString().split("\n"))
      if (line.startsWith(start)) epochs.load(parseSnapshotLine(line)[1]);
  return epochs;
}
