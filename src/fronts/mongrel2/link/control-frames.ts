import { defaultMaxTargets, frameControl } from "../wire/response.js";

const controls = {
  /** Resets the ping age, so that the idle reaper spares a quiet stream. */
  "keep-alive": new Map([["keep-alive", "1"]]),
  /** Ends a connection at once, a blocked one too; no notice comes for it [seen on 1.12.2]. */
  cancel: new Map([["cancel", "1"]]),
} as const;

/**
 * Frames the control messages that tell the server one thing about all these connections, at most `targets` ids each.
 * They are no deliveries: no client sees them and they take no place in a connection's queue. For an id that is gone
 * the server answers with a disconnect notice, which makes up for one that was lost.
 */
export function* controlFrames(
  what: keyof typeof controls,
  ids: Iterable<number>,
  options: { readonly sender: string; readonly targets?: number },
): Generator<Buffer, void, void> {
  const most = Math.min(options.targets ?? defaultMaxTargets, defaultMaxTargets);
  let group: number[] = [];
  for (const id of ids) {
    group.push(id);
    if (group.length < most) continue;
    yield frameControl(options.sender, group, controls[what]);
    group = [];
  }
  if (group.length > 0) yield frameControl(options.sender, group, controls[what]);
}
