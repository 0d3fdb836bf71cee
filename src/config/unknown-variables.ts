import { variableNames } from "./sources.js";

/** Variables of commands other than `serve`. */
const otherVariables = ["PHAROS_TOKEN"] as const;

/**
 * Variables that Kubernetes sets for a service whose name begins with `pharos`, for instance `PHAROS_SERVICE_HOST` and
 * `PHAROS_HUB_PORT_8080_TCP_ADDR`.
 */
const ofKubernetes =
  /^PHAROS_(?:SERVICE|PORT)(?:_|$)|_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;

/**
 * For the service `pharos-hub`, Kubernetes also sets `PHAROS_HUB_PORT`, to a value such as `tcp://10.0.0.1:8080`. Other
 * values are from an operator, who expects a setting such as `PHAROS_HTTP_PORT`.
 */
function isPortOfKubernetes(name: string, value: string): boolean {
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/** A name with more different letters than this is another word, not a typing error. */
const mostDifferences = 3;

/**
 * The variables that begin with `PHAROS_` but that no setting has, each with the most similar name. A misspelt variable
 * has no effect, so the operator should know. Ignores empty variables and the variables of Kubernetes.
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const known: readonly string[] = [...variableNames(), ...otherVariables];
  return Object.entries(environment)
    .filter(
      ([name, value = ""]) => name.startsWith("PHAROS_") && value.trim() !== "" && !known.includes(name),
    )
    .filter(([name, value = ""]) => !ofKubernetes.test(name) && !isPortOfKubernetes(name, value))
    .map(([name]) => described(name, known));
}

function described(name: string, known: readonly string[]): string {
  const [similar] = known
    .map((other) => ({ other, differences: differencesOf(letters(name), letters(other)) }))
    .sort((a, b) => a.differences - b.differences);
  return similar !== undefined && similar.differences <= mostDifferences
    ? `${name} (did you mean ${similar.other}?)`
    : name;
}

/** People most often forget or add a hyphen or an underscore. */
function letters(name: string): string {
  return name
    .slice("PHAROS_".length)
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, "");
}

/** The number of letters to insert, delete or replace until the texts are equal [Levenshtein]. */
function differencesOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
