import { resolve } from "node:path";
import { z } from "zod";

const allowed =
  "memory, disk:DIR or disk-or-memory:DIR with the path of a folder, for instance disk:/var/lib/pharos/journal";

/** Where the journal stores publications. */
export type JournalPlace =
  | { readonly kind: "memory" }
  | {
      readonly kind: "disk";
      /** The absolute path of the folder. */
      readonly dir: string;
      /** True if the hub may use memory when the folder cannot be used. */
      readonly orMemory: boolean;
    };

/** `memory`, `disk:DIR` or `disk-or-memory:DIR`. */
export const journalPlace = z
  .string({ error: allowed })
  .regex(/^(?:memory|disk(?:-or-memory)?:.+)$/s, allowed)
  .transform((text): JournalPlace => {
    if (text === "memory") return { kind: "memory" };
    const [kind = ""] = text.split(":", 1);
    return { kind: "disk", dir: resolve(text.slice(kind.length + 1)), orMemory: kind !== "disk" };
  });
