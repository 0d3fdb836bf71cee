/** A member of the list: a name, and a weight of at most three decimals [RFC 9110 12.4.2, 12.5.3]. */
const memberForm = /^([!#$%&'*+.^_`|~0-9a-z-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * Whether a client takes this coding, and wants it at least as much as none. A client that says nothing gets none, though
 * it would have to take any [RFC 9110 12.5.3]: those that cannot decode often say nothing. Members that are malformed
 * count for nothing.
 *
 * @param header the request's `Accept-Encoding`
 */
export function acceptsCoding(header: string | undefined, name: string): boolean {
  const weights = parseWeights(header ?? "");
  const wanted = weights.get(name) ?? weights.get(`x-${name}`) ?? weights.get("*") ?? 0;
  return wanted > 0 && wanted >= (weights.get("identity") ?? 0);
}

function parseWeights(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of header.toLowerCase().split(",")) {
    const [, name, weight = "1"] = memberForm.exec(member.trim()) ?? [];
    if (name !== undefined) weights.set(name, Number(weight));
  }
  return weights;
}
