import { expect, it } from "vitest";
import { startSite } from "../../contract/site.js";
import { requestsPerTurn } from "../../../src/gateway/limits/turn-rotation.js";
import { floods } from "../../support/load/floods.js";

const clients = 20;
const leastTurns = 400;
/** A response may come some turns after its request, so the responses to the requests of several turns come together. */
const turnsTogether = 4;
const mostInTurn = requestsPerTurn * turnsTogether;

/** The floods of so many requests that the clients together could make too many in one turn. */
const floodsOfRequests = floods.filter(
  ({ first, more }) => first === undefined && clients * requestsIn(more) > mostInTurn,
);

function requestsIn(bytes: Buffer): number {
  return bytes.toString("latin1").split(" HTTP/1.1").length - 1;
}

// Bug: the front handled all requests that twenty clients had sent. One turn of the event loop needed half a second.
it.each(floodsOfRequests)(
  "a turn has time for few $name, however many clients send them",
  async ({ more }) => {
    const site = await startSite("http", {
      settings: { PHAROS_OPEN: "on", PHAROS_PUBLIC_URL: "https://a.example/" },
    });
    const flooding = await Promise.all(Array.from({ length: clients }, () => site.connect()));
    for (const connection of flooding) connection.write(more);
    let [before, most] = [0, 0];
    for (let turn = 0; turn < leastTurns || before === 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const answered = site.figure("requests_total");
      most = Math.max(most, answered - before);
      before = answered;
    }
    expect(most).toBeLessThanOrEqual(mostInTurn);
    for (const connection of flooding) connection.close();
  },
);
