import { isIP } from "node:net";

import { z } from "zod";

const allowed =
  "an address, a network in CIDR form, or unix, for instance 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32";

/** An address, a network in CIDR form, or `unix` for the peers of unix sockets. The value remains text. */
export const networkOrUnix = z
  .string({ error: allowed })
  .refine((text) => text === "unix" || isNetwork(text), allowed);

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || address.includes("%") || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
