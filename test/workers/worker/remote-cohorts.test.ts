import { expect, it } from "vitest";
import type { Place, ToHub } from "../../../src/workers/ipc/messages.js";
import { RemoteCohorts } from "../../../src/workers/worker/remote-cohorts.js";
import { RemoteTicket } from "../../../src/workers/worker/remote-ticket.js";

function standingAt(upTo: number): { readonly upTo: number; readonly id: string } {
  return { upTo, id: `#e:${upTo}` };
}

const place: Place = {
  cohort: 1,
  encoding: { format: "websocket" },
  standing: standingAt(5),
  read: { kind: "history", after: 5, lossMark: 0 },
  added: [],
};

function createCohorts(): { readonly cohorts: RemoteCohorts; readonly sent: readonly ToHub[] } {
  const sent: ToHub[] = [];
  const cohorts = new RemoteCohorts({
    peer: { send: (message) => void sent.push(message) },
    quietBytes: {
      heartbeat: () => Buffer.alloc(0),
      retry: () => Buffer.alloc(0),
      coded: (_encoding, message) => message,
    },
    pageCacheBytes: 65_536,
  });
  cohorts.reserve(place);
  return { cohorts, sent };
}

// The hub moves a client's stream before the worker does. The hub then sends no publications of the old cohort. If the
// position of the old cohort moved on, the stream would continue behind publications that it never got.
it("a cohort that the hub has removed stays where it was", () => {
  const { cohorts } = createCohorts();
  const { cohort } = cohorts.join(new RemoteTicket(place));
  cohorts.stand(standingAt(8));
  expect(cohort.horizon).toBe(8);
  cohorts.remove(1);
  cohorts.stand(standingAt(12));
  expect(cohort.horizon).toBe(8);
  cohorts.reach({ cohort: 1, ...standingAt(9) });
  expect(cohort.horizon).toBe(9);
});

it("a reader of a removed cohort waits for its next cohort, and asks for nothing", () => {
  const { cohorts, sent } = createCohorts();
  const { cohort } = cohorts.join(new RemoteTicket(place));
  cohorts.remove(1);
  const page = cohort.page({ kind: "history", after: 2, lossMark: 0 }, { maxBytes: 1000, upTo: 5 });
  if (typeof page !== "function") throw new Error("there are no pages in this process");
  let taken = false;
  page(() => (taken = true))();
  expect([taken, sent]).toEqual([false, []]);
});

it("a deletion drops the pages and the recent batches up to it, also a batch that comes later", () => {
  const { cohorts, sent } = createCohorts();
  const { cohort } = cohorts.join(new RemoteTicket(place));
  const body = Buffer.from("event");
  const batch = { kind: "batch", cohort: 1, count: 1, acceptedAtMs: 0 } as const;
  const limits = { maxBytes: 1000, upTo: 8 };
  const bodyAfter = (after: number): string => {
    const page = cohort.page({ kind: "history", after, lossMark: 0 }, limits);
    if (typeof page !== "function") return page.body.toString();
    page(() => undefined);
    return "of the hub";
  };
  cohorts.take({ ...batch, ...standingAt(6) }, body);
  expect(bodyAfter(5)).toBe("event");
  cohorts.forget(7);
  cohorts.take({ ...batch, ...standingAt(7) }, body);
  cohorts.take({ ...batch, ...standingAt(8) }, body);
  expect([5, 6, 7].map(bodyAfter)).toEqual(["of the hub", "of the hub", "event"]);
  expect(sent.filter(({ kind }) => kind === "ask")).toMatchObject([
    { state: { after: 5 } },
    { state: { after: 6 } },
  ]);
});

it("after publications have expired, the recent batches behind them stay", () => {
  const { cohorts } = createCohorts();
  const { cohort } = cohorts.join(new RemoteTicket(place));
  const body = Buffer.from("event");
  const batch = { kind: "batch", cohort: 1, count: 1, acceptedAtMs: 0 } as const;
  for (const upTo of [6, 7, 8]) cohorts.take({ ...batch, ...standingAt(upTo) }, body);
  cohorts.forget(6);
  const isRecent = (after: number): boolean =>
    typeof cohort.page({ kind: "history", after, lossMark: 0 }, { maxBytes: 1000, upTo: 8 }) !== "function";
  expect([5, 6, 7].map(isRecent)).toEqual([false, true, true]);
});
