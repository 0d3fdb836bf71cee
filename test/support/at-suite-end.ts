import { afterAll } from "vitest";
import type { OnEnd } from "./on-end.js";

/**
 * Collects actions for the end of a suite, and runs them then, the last registered first. Call this while the suite is
 * declared, outside its hooks: vitest ignores `afterAll` in a hook.
 */
export function atSuiteEnd(): OnEnd {
  const actions: Parameters<OnEnd>[0][] = [];
  afterAll(async () => {
    for (const action of actions.splice(0).toReversed()) await action();
  });
  return (action) => void actions.push(action);
}
