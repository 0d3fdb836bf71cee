/** The hub of a test with one hub. */
export const testNode = "00000000000a";

/** The id of a subscriber of a hub. The name has at most 6 characters of ASCII. */
export function idOf(name: string, node = testNode): string {
  const hex = Buffer.from(name.padEnd(6, "_")).toString("hex");
  return `urn:uuid:${node.slice(0, 8)}-${node.slice(8)}-8000-8000-${hex}`;
}

/** The name of the subscriber with this id. */
export function nameOf(id: string): string {
  return Buffer.from(id.slice(-12), "hex").toString().replaceAll("_", "");
}
