import { onTestFinished } from "vitest";

/**
 * Where a support tool leaves the action that ends what it started. The default is the end of the running test;
 * pass `afterAll` of vitest for what a whole suite shares, or a collector outside vitest.
 */
export type OnEnd = (action: () => void | Promise<void>) => void;

/** Ends it with the running test, last started first. Throws outside a test. */
export const atTestEnd: OnEnd = (action) => onTestFinished(action);
