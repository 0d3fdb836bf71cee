import { onTestFinished } from "vitest";

/**
 * Registers an action that stops the processes of a support tool. By default, the action runs at the end of the running
 * test. Pass vitest's `afterAll` for tools that a whole suite shares. Outside vitest, pass a function that collects the
 * actions.
 */
export type OnEnd = (action: () => void | Promise<void>) => void;

/** Runs the action after the running test, the last registered first. Throws outside a test. */
export const atTestEnd: OnEnd = (action) => onTestFinished(action);
