import { frameKeepAlive } from "../wire/response.js";

/**
 * Frames the control messages that keep these connections from the server's idle reaper, at most `targets` ids each.
 * They are no deliveries: no client sees them and they take no place in a connection's queue. For an id that is gone
 * the server answers with a disconnect notice, so that a lost one is made up for.
 */
export function* keepAliveFrames(
  sender: string,
  ids: Iterable<number>,
  targets: number,
): Generator<Buffer, void, void> {
  let group: number[] = [];
  for (const id of ids) {
    group.push(id);
    if (group.length < targets) continue;
    yield frameKeepAlive(sender, group);
    group = [];
  }
  if (group.length > 0) yield frameKeepAlive(sender, group);
}
