import { afterEach, vi } from "vitest";

// All test files of a process share its globals, so what a test replaces must not outlive the test.
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
