import { readFileSync } from "node:fs";

const deploy = new URL("../../../deploy/", import.meta.url);

/** A text of a file, and the text that a test needs in its place. */
export type Replacement = readonly [theirs: string, ours: string];

/** A file of deploy/, such as `nginx/nginx.conf`. */
export function deployFile(name: string): string {
  return readFileSync(new URL(name, deploy), "utf8");
}

/** A file of deploy/ with replacements. Throws if the file does not contain a text that is to be replaced. */
export function deployedAs(name: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((text, [theirs, ours]) => {
    if (!text.includes(theirs)) throw new Error(`deploy/${name} does not contain ${theirs}`);
    return text.replaceAll(theirs, ours);
  }, deployFile(name));
}
