import { hasForbiddenCharacter } from "../hub/topics/topic.js";
import { beatStates, mostNameLength, parseNodeId } from "./nodes.js";
import type { NodeBeat } from "./nodes.js";

/** Reads a beat of a record or a snapshot. Ignores other fields. Undefined if a field is missing or wrong. */
export function parseBeat(fields: Readonly<Record<string, unknown>>): NodeBeat | undefined {
  const { name, version, startedAtMs, streams, lagMs } = fields;
  const node = typeof fields.node === "string" ? parseNodeId(fields.node) : undefined;
  const state = beatStates.find((each) => each === fields.state);
  if (node === undefined || state === undefined || !isName(name) || !isName(version)) return undefined;
  if (!isCount(startedAtMs) || !isCount(streams) || !isCount(lagMs)) return undefined;
  return { node, name, version, startedAtMs, streams, lagMs, state };
}

function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value !== "" &&
    value.length <= mostNameLength &&
    !hasForbiddenCharacter(value)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
