import { resolve } from "node:path";
import { z } from "zod";

const allowed =
  "memory, disk:DIR or disk-or-memory:DIR with the path of a folder, for instance disk:/var/lib/pharos/journal, or nats://HOST[:PORT][,HOST...]/NAME with ports from 1 to 65535 and the name of a stream: 1 to 64 letters, digits, _ and -";

/** A host name, an IPv4 address, or an IPv6 address in brackets; and a port. */
const server = String.raw`(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?`;
const nats = new RegExp(`^nats://(${server}(?:,${server})*)/([A-Za-z0-9_-]{1,64})$`);

const highestPort = 65_535;

/** Where the journal stores publications. */
export type JournalPlace =
  | { readonly kind: "memory" }
  | {
      readonly kind: "disk";
      /** The absolute path of the folder. */
      readonly dir: string;
      /** True if the hub may use memory when the folder cannot be used. */
      readonly orMemory: boolean;
    }
  | {
      readonly kind: "nats";
      /** The servers, as `host` or `host:port`. */
      readonly servers: readonly string[];
      /** The name of the stream. */
      readonly name: string;
    };

/** `memory`, `disk:DIR`, `disk-or-memory:DIR` or `nats://HOST[:PORT][,HOST...]/NAME`. */
export const journalPlace = z
  .string({ error: allowed })
  .refine((text) => isNats(text) || /^(?:memory|disk(?:-or-memory)?:.+)$/s.test(text), allowed)
  .transform((text): JournalPlace => {
    if (text === "memory") return { kind: "memory" };
    const [, servers, name] = nats.exec(text) ?? [];
    if (servers !== undefined && name !== undefined)
      return { kind: "nats", servers: servers.split(","), name };
    const [kind = ""] = text.split(":", 1);
    return { kind: "disk", dir: resolve(text.slice(kind.length + 1)), orMemory: kind !== "disk" };
  });

function isNats(text: string): boolean {
  const servers = nats.exec(text)?.[1]?.split(",") ?? [];
  const ports = servers.map((server) => Number(/:(\d+)$/.exec(server)?.[1] ?? highestPort));
  return ports.length > 0 && ports.every((port) => port >= 1 && port <= highestPort);
}
