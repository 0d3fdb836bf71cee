import { setting } from "../declare/setting.js";
import { journalPlace } from "../values/journal.js";

/** Settings for the journal, which stores publications. */
export const journalSettings = {
  journal: setting({
    option: "journal",
    argument: "<memory|disk:DIR>",
    value: journalPlace,
    default: "memory",
    help: "Where the hub stores publications: in memory, or in a folder on disk, so that they outlive the hub.",
    notes:
      "In memory, each restart is a gap for its clients. On disk, what the hub has acknowledged survives crashes and loss of power. `disk-or-memory:DIR` uses memory, with a warning, if the folder cannot be used: [Durability](../operating/durability.md).",
  }),
} as const;
