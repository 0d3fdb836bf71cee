import { ChannelDeletions } from "../../src/protocols/push-stream/channels/channel-deletions.js";
import type { Clock } from "../../src/base/clock.js";
import type { Polls } from "../../src/delivery/polls/polls.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { WebSocketOrigins } from "../../src/gateway/access/websocket-origins.js";
import { Gateway } from "../../src/gateway/gateway.js";
import { PublishOnce } from "../../src/gateway/publishing/publish-once.js";
import { Publisher } from "../../src/gateway/publishing/publisher.js";
import { PollAdmission } from "../../src/gateway/streams/poll-admission.js";
import type { Hub } from "../../src/hub/hub.js";
import type { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { defaultPublicationLimits } from "../../src/limits/publications.js";
import { mercure } from "../../src/protocols/mercure/mercure.js";
import { eventStreamResource } from "../../src/protocols/pharos/esupdates.js";
import { pollResource } from "../../src/protocols/pharos/poll.js";
import { webSocketResource } from "../../src/protocols/pharos/websocket.js";
import { pushStream } from "../../src/protocols/push-stream/push-stream.js";
import type { Stamps } from "../../src/protocols/push-stream/messages/stamps.js";
import { hubUrl } from "../support/token.js";
import type { ScheduledVerifier } from "./tokens.js";

export interface MovesGatewayParts {
  readonly clock: Clock;
  readonly verifier: ScheduledVerifier;
  readonly journal: MemoryJournal;
  readonly stamps: Stamps;
  readonly hub: Hub;
  readonly polls: Polls;
}

/** Nothing is deleted here. */
function deleteTopic(): Promise<never> {
  return Promise.reject(new Error("this gateway deletes nothing"));
}

/** A gateway with the subscribers' resources of all protocols. */
export function createMovesGateway(parts: MovesGatewayParts): Gateway {
  const { clock, verifier, journal, hub, polls } = parts;
  const authenticator = new Authenticator({ verifier, anonymous: true, publishOrigins: [] });
  const publishing = new Publisher({
    authenticator,
    begin: (groupName) => journal.begin(groupName),
    room: () => undefined,
    limits: defaultPublicationLimits,
    clock,
    open: false,
  });
  const ports = {
    ...parts,
    streams: { retryMs: () => 5000, heartbeatMs: 15_000, filtersPerConnection: 20, filterBytes: 64 },
    authenticator,
    publishing,
    once: new PublishOnce({ journal }),
    origins: new WebSocketOrigins({ hubUrl, corsOrigins: [] }),
    polling: new PollAdmission({ clock, polls, admit: () => () => undefined }),
    history: journal.history,
    readersOf: () => 0,
    followedTopics: () => hub.followedTopics(),
    deletions: new ChannelDeletions({ deleter: { deleteTopic }, journal, readersOf: () => 0 }),
    subscribers: () => 0,
  };
  return new Gateway({
    corsOrigins: [],
    resources: [
      ...pushStream({ ...ports, prefix: "", limits: { topicBytes: 64 } }),
      webSocketResource(ports),
      eventStreamResource(ports),
      pollResource(ports),
      ...mercure({ ...ports, hubUrl, access: { issuers: [] } }),
    ],
  });
}
