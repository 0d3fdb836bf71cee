/** One coding with its weight. A weight has at most three decimals [RFC 9110 12.4.2, 12.5.3]. */
const memberForm = /^([!#$%&'*+.^_`|~0-9a-z-]+)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/;

/**
 * True if the client accepts this coding and prefers it to no coding, or gives both the same weight. The function
 * ignores malformed members of the header. Without the header the result is false, although RFC 9110 12.5.3 then
 * allows any coding: many clients that cannot decode send no header.
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
