import { messageOf } from "../../../src/base/errors.js";
import { holdFolder } from "../../../src/journal/disk/files/hold-folder.js";
import { answerCalls } from "../../support/ipc.js";

export type HolderProtocol = {
  /** Tries to hold the folder at a time, in milliseconds since 1970. Answers with the reason of a refusal. */
  readonly hold: { readonly ask: { readonly dir: string; readonly atMs: number }; readonly answer: string };
};

answerCalls<HolderProtocol>({
  hold: async ({ dir, atMs }) => {
    while (Date.now() < atMs);
    return holdFolder(dir).then(() => "held", messageOf);
  },
});
