import { isRawSettings } from "./file.js";

/** The value at a path of names, also of the indexes of lists; undefined if there is none. */
export function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return value[Number(name)];
    return isRawSettings(value) ? value[name] : undefined;
  }, settings);
}
