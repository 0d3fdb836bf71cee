/**
 * Returns `make` with a memory of its last results, for texts that are short. Use it for what is expensive to make, and
 * is needed often for the same few texts. After `most` texts it forgets all of them.
 */
export function rememberMany<Result extends string | boolean>(
  most: number,
  make: (text: string) => Result,
): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = make(text);
    if (results.size >= most) results.clear();
    results.set(ownCopy(text), result);
    return result;
  };
}

/** V8 keeps a part of a longer text together with the whole text, such as a header of many kilobytes. */
function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
