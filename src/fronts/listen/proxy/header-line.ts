import { isIPv4, isIPv6 } from "node:net";
import { parseIpAddress } from "../../../gateway/http/client-address.js";
import type { ProxyHeader } from "./proxy-header.js";

/** Source address, destination address, source port, destination port; a single space before each. */
const line = /^PROXY (TCP[46]) ([^ ]+) ([^ ]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/;

const highestPort = 65_535;

/**
 * Parses a header of version 1, without its CR and LF [PROXY protocol 2.1]. Returns the reason as text if the header is
 * malformed. After `UNKNOWN`, the rest of the line has no meaning.
 */
export function parseHeaderLine(text: string): ProxyHeader | string {
  if (text === "PROXY UNKNOWN" || text.startsWith("PROXY UNKNOWN ")) return { client: undefined };
  const [, family, source = "", destination = "", ...ports] = line.exec(text) ?? [];
  if (family === undefined)
    return "a line that is not PROXY TCP4, TCP6 or UNKNOWN with two addresses and two ports";
  if (ports.some((port) => Number(port) > highestPort)) return `a port above ${highestPort}`;
  const isAddress = family === "TCP4" ? isIPv4 : isPlainIPv6;
  if (!isAddress(source) || !isAddress(destination)) return `an address that is not of the family ${family}`;
  return { client: parseIpAddress(source) };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes("%");
}
