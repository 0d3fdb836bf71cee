import { z } from "zod";

/** An address where the hub accepts the connections of clients. */
export type ListenAddress =
  | {
      readonly kind: "tcp";
      /** A name or an IP address without brackets. `*` means all network interfaces. */
      readonly host: string;
      /** 0 means a free port. */
      readonly port: number;
    }
  | { readonly kind: "unix"; readonly path: string }
  /** The listening sockets that systemd passes to the hub: those with the name, or all. */
  | { readonly kind: "systemd"; readonly name?: string };

/**
 * The longest path of a unix socket, in bytes. Linux allows 107 [unix(7)]. The hub first binds a path with seven more
 * characters, which it then renames.
 */
export const longestSocketPath = 100;

const highestPort = 65_535;

const allowed = `[HOST:]PORT, *:PORT, unix:/PATH, systemd, systemd:NAME, or off alone, for instance 8080, [::1]:8080, *:8080 for all interfaces, or 0 for a free port; ports up to ${highestPort}, paths up to ${longestSocketPath} bytes`;

const tcp = /^(?:(\*|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):)?(\d{1,5})$/;
// The names of file descriptors in systemd [sd_listen_fds_with_names(3)].
const systemd = /^systemd(?::([!-9;-~]{1,255}))?$/;
const unix = /^unix:(\/[^\p{Cc}]*[^\p{Cc}/])$/u;

const one = z
  .string({ error: allowed })
  .refine((text) => text === "off" || parseListenAddress(text) !== undefined, allowed);

/** One address or several; `off` alone means none. The default host is 127.0.0.1. */
export const listenAddresses = z
  .union([one, z.array(one)], { error: allowed })
  .refine((texts) => typeof texts === "string" || texts.length === 1 || !texts.includes("off"), allowed)
  .transform((texts): readonly ListenAddress[] =>
    [texts].flat().flatMap((text) => parseListenAddress(text) ?? []),
  );

/** Undefined if the text is not an address. */
function parseListenAddress(text: string): ListenAddress | undefined {
  const path = unix.exec(text)?.[1];
  if (path !== undefined)
    return Buffer.byteLength(path) <= longestSocketPath ? { kind: "unix", path } : undefined;
  const passed = systemd.exec(text);
  if (passed !== null) return { kind: "systemd", ...(passed[1] === undefined ? {} : { name: passed[1] }) };
  const [, host = "127.0.0.1", port] = tcp.exec(text) ?? [];
  if (port === undefined || Number(port) > highestPort) return undefined;
  return { kind: "tcp", host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

const modeAllowed = "three octal digits, for instance 660 or 666";

/** The mode of a file, as three octal digits. */
export const fileMode = z
  .string({ error: modeAllowed })
  .regex(/^0?[0-7]{3}$/, modeAllowed)
  .transform((text) => Number.parseInt(text, 8));
