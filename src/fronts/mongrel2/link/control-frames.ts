import { defaultMaxTargets, frameControl } from "../wire/response.js";

const controls = {
  /** Resets the ping age, so that Mongrel2 does not close a quiet stream as idle. */
  "keep-alive": new Map([["keep-alive", "1"]]),
  /** Closes a connection at once, even a blocked one. The server sends no notice for this close [seen on 1.12.2]. */
  cancel: new Map([["cancel", "1"]]),
} as const;

/**
 * Frames control messages for these connections, with at most `targets` ids each. Clients do not see control messages,
 * and control messages do not count in a connection's queue. For an id without a connection, the server sends a
 * disconnect notice. This notice replaces a lost disconnect notice.
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
