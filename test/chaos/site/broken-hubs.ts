import type { Patch } from "./patched-hub.js";

/**
 * Hubs with one fault each. A pause behind the fault makes sure that a kill comes at the wrong moment, as it does on a
 * slow disk.
 */
export const brokenHubs = {
  /** Clients see a publication, and its publisher gets the answer, before the disk has the publication. */
  showsBeforeStored: [
    {
      file: "journal/disk/disk-log.js",
      find: "            first = await this.#opened().write(batch.map(({ payload }) => payload));\n",
      replace: `
            first = this.head + 1;
            await this.#feed?.offer(batch.map(({ payload }, index) => ({ sequence: first + index, payload })));
            await new Promise((resolve) => setTimeout(resolve, 300));
            await this.#opened().write(batch.map(({ payload }) => payload));
`,
    },
    { file: "journal/disk/disk-log.js", find: "await this.#feed?.offer(records);", replace: "" },
  ],
  /** The answers to `Idempotency-Key`s do not come back from the log. */
  forgetsAnswers: [
    {
      file: "journal/logged/record-applier.js",
      find: "if (once !== undefined)\n            answers.remember",
      replace: "if (once !== undefined && this.#isLive)\n            answers.remember",
    },
    {
      file: "protocols/pharos/publish.js",
      find: "const ids = await once.ids(request, publisher, work);",
      replace: `const ids = await once.ids(request, publisher, work);
            await new Promise((resolve) => setTimeout(resolve, 300));`,
    },
  ],
  /** A start begins no new epoch. */
  keepsItsEpoch: [
    {
      file: "journal/logged/logged-journal.js",
      find: "const epoch = createEpoch();",
      replace: 'const epoch = "lasting1";',
    },
  ],
} as const satisfies Readonly<Record<string, readonly Patch[]>>;
