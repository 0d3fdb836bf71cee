import { defaultMaxTargets, frameControl } from "../wire/response.js";

const controls = {
  /** Resets the time since the last ping, so that Mongrel2 does not close a quiet stream as idle. */
  "keep-alive": new Map([["keep-alive", "1"]]),
  /** Closes a connection at once, even a blocked one. The server sends no notice for this close [seen on 1.12.2]. */
  cancel: new Map([["cancel", "1"]]),
} as const;

/**
 * Encodes control messages for these connections. Each message names at most `targets` ids. Clients do not see control
 * messages, and control messages do not count in a connection's queue. For an id without a connection, the server sends
 * a disconnect notice. So the link learns of an ended connection even if the first disconnect notice was lost.
 */
export function* controlFrames(
  control: keyof typeof controls,
  ids: Iterable<number>,
  options: { readonly sender: string; readonly targets?: number },
): Generator<Buffer, void, void> {
  const most = Math.min(options.targets ?? defaultMaxTargets, defaultMaxTargets);
  let group: number[] = [];
  for (const id of ids) {
    group.push(id);
    if (group.length < most) continue;
    yield frameControl(options.sender, group, controls[control]);
    group = [];
  }
  if (group.length > 0) yield frameControl(options.sender, group, controls[control]);
}
