import type { Patch } from "./patched-hub.js";

/**
 * Every tenth record is lost on its way to the engine, as in a socket that closes, while later ones are stored. The hub
 * that sent it sends it again. This is no fault of the hub, which keeps its promises all the same.
 */
const losesOnTheWay: readonly Patch[] = [
  {
    file: "journal/nats/appends.js",
    find: "async #send(payload) {\n",
    replace: `#sent = 0;
    async #send(payload) {
        this.#sent += 1;
        if (this.#sent % 10 === 0) {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            throw new Error("lost on the way");
        }
`,
  },
];

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
      file: "protocols/pharos/publishing/publish.js",
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
  /** Not broken: an engine to which messages are lost. */
  losesOnTheWay,
  /** A record counts if its number is above the highest of its run, also if numbers are left out. */
  acceptsHoles: [
    ...losesOnTheWay,
    {
      file: "journal/logged/runs.js",
      find: "this.#isBehindLoss ? n <= last : n !== last + 1",
      replace: "n <= last",
    },
  ],
  /** A record with a group whose key has its answer already is skipped as a whole. */
  skipsWholeRecords: [
    {
      file: "journal/logged/record-applier.js",
      find: "let publications = 0;\n",
      replace: `let publications = 0;
        const { answers } = this.#options;
        const isKnown = ({ once }) => once !== undefined && answers.find(once, atMs) !== undefined;
        const isSkipped = items.some(isKnown);
`,
    },
    {
      file: "journal/logged/record-applier.js",
      find: 'item.kind === "group" ? await this.#applyGroup(item, from)',
      replace:
        'item.kind === "group" ? isSkipped && !isKnown(item) ? item.publications.map(() => "skipped") : await this.#applyGroup(item, from)',
    },
    {
      file: "journal/logged/record-sender.js",
      find: "this.#options.clock.endOfTurn(() => {",
      replace: "((send) => setTimeout(send, 50))(() => {",
    },
  ],
  /** A poll's cursor says how many losses its client was told of, but not by which hub. */
  forgetsTheTeller: [
    {
      file: "delivery/polls/poll-cursor.js",
      find: "const lossMark = run === history.run ? ",
      replace: "const lossMark = true ? ",
    },
  ],
} as const satisfies Readonly<Record<string, readonly Patch[]>>;
