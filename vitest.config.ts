import { defineConfig } from "vitest/config";

const real = { testTimeout: 240_000, hookTimeout: 180_000, teardownTimeout: 30_000, pool: "forks" as const };

/**
 * Three kinds of tests: `unit` needs nothing but Node; `e2e` runs real servers and browsers in minutes;
 * `long` is load, faults and rates (`./scripts/test --long`), one file at a time so that figures mean something.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/long/**"],
          // A process for each file costs more than its tests do: the modules are loaded once for all files of a process.
          isolate: false,
          maxWorkers: 2,
          // A machine that is busy with something else may hold any test up for seconds.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { ...real, name: "e2e", include: ["test/e2e/**/*.test.ts"], maxWorkers: 2 } },
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
