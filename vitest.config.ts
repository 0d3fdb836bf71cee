import { defineConfig } from "vitest/config";

const real = { testTimeout: 240_000, hookTimeout: 180_000, teardownTimeout: 30_000, pool: "forks" as const };

/**
 * Three kinds of tests: `unit` needs only Node. `e2e` runs real servers and browsers, and takes minutes. `long`
 * (`./scripts/test --long`) measures load, faults and rates, one file at a time so that the files do not disturb each
 * other.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/long/**"],
          // All files of a process share their modules: to load the modules for each file takes longer than the tests
          // of the file.
          isolate: false,
          setupFiles: ["test/support/lazy-client-files.ts", "test/support/restore-globals.ts"],
          maxWorkers: 2,
          // A busy machine may delay any test for a minute.
          testTimeout: 240_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
        },
      },
      { test: { ...real, name: "e2e", include: ["test/e2e/**/*.test.ts"], maxWorkers: 3 } },
      {
        test: {
          ...real,
          name: "long",
          include: ["test/long/**/*.test.ts"],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
