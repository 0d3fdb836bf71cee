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
    quietBytes: { heartbeat: () => Buffer.alloc(0), retry: () => Buffer.alloc(0) },
    pageCacheBytes: 1024,
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
