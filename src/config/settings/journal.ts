import { setting, textOf } from "../declare/setting.js";
import { journalPlace } from "../values/journal.js";

/** Settings for the journal, which stores publications. */
export const journalSettings = {
  journal: setting({
    option: "journal",
    argument: "<memory|disk:DIR|nats://HOST/NAME>",
    value: journalPlace,
    default: "memory",
    help: "Where the hub stores publications: in memory, in a folder on disk, or on NATS JetStream.",
    notes:
      "In memory, each restart is a gap for its clients. On disk, what the hub has acknowledged survives crashes and loss of power. `disk-or-memory:DIR` uses memory, with a warning, if the folder cannot be used. With `nats://HOST[:PORT][,HOST...]/NAME`, all hubs with the same name serve the same publications. See [Durability](../operating/durability.md).",
  }),
  journalCredentials: setting({
    option: "journal-credentials",
    argument: "<FILE>",
    value: textOf("the path of a file"),
    help: "Credentials file (`.creds`) for NATS.",
  }),
  journalCa: setting({
    option: "journal-ca",
    argument: "<FILE>",
    value: textOf("the path of a file"),
    help: "PEM file with the certificates of the authorities that sign the certificates of NATS. The connection must use TLS then.",
  }),
} as const;
