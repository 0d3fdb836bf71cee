import { describe } from "vitest";
import { testAnswers } from "./answers.js";
import { testBeginnings } from "./beginnings.js";
import { testCompressed } from "./compressed.js";
import { testConnections } from "./connections.js";
import { testControl } from "./control.js";
import { testDeletions } from "./deletions.js";
import type { FrontName } from "./differences.js";
import { testExpiries } from "./expiries.js";
import { testHistory } from "./history.js";
import { testLifetimes } from "./lifetimes.js";
import { testLimits } from "./limits.js";
import { testDifferences } from "./requests-that-differ.js";
import { testPolls } from "./polls.js";
import { testPushStream } from "./push-stream.js";
import { testResuming } from "./resuming.js";
import { contractSites, type JournalKind } from "./sites.js";
import { testMercure } from "./mercure.js";
import { testPresence } from "./presence.js";
import { testWebSocketConformance } from "./web-socket-conformance.js";
import { testWebSocketEnds } from "./web-socket-ends.js";
import { testWebSockets } from "./web-sockets.js";
import { testTransports } from "./transports.js";
import { testStopping } from "./stopping.js";
import { testSubscriptions } from "./subscriptions.js";

/** Tests the behaviour that all fronts share, and the differences that differences.ts lists. */
export function describeContract(front: FrontName, journal: JournalKind = "memory"): void {
  describe(`the contract of the front ${front} with a journal in ${journal}`, () => {
    const contract = contractSites(front, journal);
    testBeginnings(contract);
    testSubscriptions(contract);
    testAnswers(contract);
    testConnections(contract);
    testLimits(contract);
    testDifferences(contract);
    testResuming(contract);
    testLifetimes(contract);
    testStopping(contract);
    testMercure(contract);
    testHistory(contract);
    testDeletions(contract);
    testControl(contract);
    testExpiries(contract);
    testPresence(contract);
    testCompressed(contract);
    testPolls(contract);
    testWebSockets(contract);
    testWebSocketEnds(contract);
    testWebSocketConformance(contract);
    testPushStream(contract);
    testTransports(contract);
  });
}
