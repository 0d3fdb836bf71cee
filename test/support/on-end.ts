import { onTestFinished } from "vitest";

/**
 * Registers an action that runs at the end, to stop what a support tool has started. The default end is that of the
 * running test. Pass vitest's `afterAll` for tools that a whole suite shares, or a collector outside vitest.
 */
export type OnEnd = (action: () => void | Promise<void>) => void;

/** Runs the action after the running test, the last registered first. Throws outside a test. */
export const atTestEnd: OnEnd = (action) => onTestFinished(action);
