import { z } from "zod";

import { wholeNumber } from "./number.js";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

const count = { from: 1, to: 100_000_000 };
const memory = { from: 64 * KiB, to: 64 * GiB };
const few = { from: 1, to: 100_000 };
const short = { from: 16, to: 64 * KiB };

/** Settings of this part come from the file and the environment only; each has its default's arithmetic. */
export const limitsSchema = z
  .strictObject({
    history: z
      .strictObject({
        topicEvents: wholeNumber(count)
          .default(65_536)
          .describe("Publications kept per topic. At 10 a second, 1.8 hours."),
        topicBytes: wholeNumber(memory)
          .default(64 * MiB)
          .describe("Bytes kept per topic: a quarter of the whole history, so that one topic cannot be all."),
        sharedBytes: wholeNumber(memory)
          .default(16 * MiB)
          .describe(
            "Bytes kept of the events that tell who subscribes and who leaves: some 20,000 of 800 bytes, their two topics included.",
          ),
        ageSeconds: wholeNumber({ from: 1, to: 31_536_000 })
          .default(86_400)
          .describe("How long a publication is kept: a day, a laptop's night included."),
        bytes: wholeNumber(memory)
          .default(256 * MiB)
          .describe("Bytes of all history. 200-byte publications: about 700,000, their overhead included."),
        topics: wholeNumber(count)
          .default(100_000)
          .describe("Topics with a history. About 500 bytes each when nearly empty: 50 MB."),
        ids: wholeNumber(count)
          .default(100_000)
          .describe("Publishers' own event ids that can be resumed from. About 200 bytes each: 20 MB."),
      })
      .prefault({})
      .describe("What is kept for clients that come back. What goes over evicts the oldest and marks a gap."),
    retained: z
      .strictObject({
        bytes: wholeNumber(memory)
          .default(64 * MiB)
          .describe("Bytes of all retained values. 1 KiB values on 60,000 topics."),
      })
      .prefault({})
      .describe("The last value of each topic, for new subscribers."),
    token: z
      .strictObject({
        bytes: wholeNumber({ from: 256, to: 64 * KiB })
          .default(12 * KiB)
          .describe("Bytes of one token: three quarters of a request head, room for the largest in use."),
        details: wholeNumber({ from: 1, to: 10_000 })
          .default(100)
          .describe("Authorization details of one token: as many as other hubs take."),
        topics: wholeNumber({ from: 1, to: 10_000 })
          .default(100)
          .describe("Topic matchers of one authorization detail: as many as other hubs take."),
        selectors: wholeNumber({ from: 1, to: 10_000 })
          .default(1000)
          .describe("Topic selectors in a list of the older mercure claim: as many as other hubs take."),
        remembered: wholeNumber({ from: 0, to: 1_000_000 })
          .default(1000)
          .describe("Accepted tokens that are remembered for a minute. About 2 KB each: 2 MB."),
      })
      .prefault({})
      .describe("Access tokens. One over a limit is refused as a whole."),
    pendingBytes: wholeNumber(memory)
      .default(64 * MiB)
      .describe("Bytes that wait for rounds. 256 full rounds; beyond it publishers are made to wait."),
    connections: wholeNumber({ from: 1, to: 10_000_000 })
      .default(15_000)
      .describe(
        "Open streams. 20,000 file descriptors less a quarter for links, files and clients that come and go.",
      ),
    connectionsPerWorker: wholeNumber({ from: 1, to: 1_000_000 })
      .default(18_000)
      .describe(
        "Connections of one worker, streams and others; one that has them gets none. 20,000 file descriptors less a tenth.",
      ),
    connectionsPerAddress: wholeNumber({ from: 1, to: 10_000_000 })
      .default(200)
      .describe(
        "Open streams of one address, IPv6 by its /64; beyond it 429. 100 people behind one router with two pages each.",
      ),
    connectionsPerLocalAddress: wholeNumber({ from: 1, to: 10_000_000 })
      .default(15_000)
      .describe(
        "The same for loopback and private addresses, behind which a proxy may hide everybody: as many as there may be.",
      ),
    requestsPerAddress: wholeNumber({ from: 1, to: 1_000_000 })
      .default(100)
      .describe(
        "Other requests than to publish from one address in a second, and twice its streams at once; beyond it 429. 200 streams that come back every 5 s are 40.",
      ),
    requestsPerLocalAddress: wholeNumber({ from: 1, to: 1_000_000 })
      .default(10_000)
      .describe(
        "The same for loopback and private addresses. 15,000 streams that come back every 5 s are 3,000.",
      ),
    publishesPerAddress: wholeNumber({ from: 1, to: 1_000_000 })
      .default(100)
      .describe(
        "Requests to publish from one address in a second; beyond it 429. A hundredth of the tokens that can be checked.",
      ),
    publishesPerLocalAddress: wholeNumber({ from: 1, to: 1_000_000 })
      .default(10_000)
      .describe("The same for loopback and private addresses: as many tokens as one processor can check."),
    filtersPerConnection: wholeNumber({ from: 1, to: 10_000 })
      .default(100)
      .describe("Filters of one stream. 100 of 80 bytes fill half of the largest request head."),
    filterBytesInAll: wholeNumber(memory)
      .default(128 * MiB)
      .describe(
        "Bytes that the filters of all streams hold, 300 for each beside its text: 23 filters of 80 bytes for each of 15,000 streams; beyond it 503.",
      ),
    filterLevels: wholeNumber(count)
      .default(250_000)
      .describe(
        "Levels of all wildcard filters together. About 480 bytes each: 120 MB; beyond it streams with wildcards get 503.",
      ),
    filterMixtures: wholeNumber(few)
      .default(1000)
      .describe(
        "Ways in which the beginnings of MQTT filters mix + and names, beyond it 400: a publication looks at one place for each, 0.2 ms in all.",
      ),
    patterns: z
      .strictObject({
        withoutPrefix: wholeNumber(few)
          .default(1000)
          .describe("Those that begin with nothing literal: each publication is compared with all of them."),
        alike: wholeNumber(few)
          .default(100)
          .describe("Those of one kind that begin alike: a topic may begin like those of 42 places."),
        expressions: wholeNumber(few)
          .default(1000)
          .describe("URL patterns with a regular expression. Each may take 8 MB while it is used."),
      })
      .prefault({})
      .describe(
        "URL patterns and URI templates of all streams, the same one counted once; beyond it 400. All of one sort may have three parts that vary each.",
      ),
    filterPercentPerAddress: wholeNumber({ from: 1, to: 100 })
      .default(10)
      .describe(
        "Percent of filterBytesInAll, filterLevels, filterMixtures and of each number of patterns that the streams of one address may hold; beyond it 429. Local addresses, behind which a proxy may hide everybody, may hold all.",
      ),
    subscriptionDeliveries: wholeNumber(count)
      .default(100_000)
      .describe(
        "Deliveries in a second that tell who subscribes and who leaves: 30 MB at 300 bytes each, for instance 100 changes to 1,000 watchers. Beyond it changes wait, after 2 seconds watchers are told a gap.",
      ),
    subscriptionListBytes: wholeNumber(memory)
      .default(8 * MiB)
      .describe(
        "Bytes of one answer to who is subscribed; beyond it 503. 27,000 subscriptions of 300 bytes, made in 40 ms.",
      ),
    topicBytes: wholeNumber(short)
      .default(1024)
      .describe("Bytes of one topic's name, so that a filter for it fits into a request head 16 times."),
    filterBytes: wholeNumber(short).default(1024).describe("Bytes of one filter: as long as a topic may be."),
    idBytes: wholeNumber(short)
      .default(256)
      .describe("Bytes of an event id. Clients send it back in every request head."),
    typeBytes: wholeNumber(short).default(256).describe("Bytes of an event type, a program's word."),
    topicsPerPublication: wholeNumber({ from: 1, to: 10_000 })
      .default(100)
      .describe("Topics of one publication. Each is a separate place in history."),
    publicationsPerRequest: wholeNumber({ from: 1, to: 100_000 })
      .default(1000)
      .describe("Publications of one request; beyond it 413. Their ids are 20 KB of an answer."),
    linesPerRequest: wholeNumber(count)
      .default(10_000)
      .describe(
        "Lines of one request with many publications, blank ones included; beyond it 413. Ten for each publication; a million of them would take 100 ms.",
      ),
    idempotency: z
      .strictObject({
        answers: wholeNumber({ from: 0, to: 10_000_000 })
          .default(20_000)
          .describe("Answers that are remembered. About 500 bytes each for one publication: 10 MB."),
        bytes: wholeNumber(memory)
          .default(16 * MiB)
          .describe("Bytes of all of them: the answer to a thousand publications has 50 KB."),
        ageSeconds: wholeNumber({ from: 1, to: 31_536_000 })
          .default(3600)
          .describe("How long each is remembered: an hour, longer than any publisher goes on trying."),
      })
      .prefault({})
      .describe("What is published once under an Idempotency-Key. The oldest answer goes for a new one."),
    dataBytes: wholeNumber({ from: 1, to: 64 * MiB })
      .default(MiB)
      .describe("Bytes of one publication's data. 64 of them fill what may wait for rounds."),
    roundBytes: wholeNumber({ from: 4 * KiB, to: 64 * MiB })
      .default(256 * KiB)
      .describe("Bytes of one round at the HTTP front. One round in 250 ms is 1 MiB a second and client."),
    mongrel2RoundBytes: wholeNumber({ from: 4 * KiB, to: 64 * KiB })
      .default(64 * KiB)
      .describe("Bytes of one round behind Mongrel2, which closes a client with over 100 KiB unwritten."),
    mongrel2WindowBytes: wholeNumber({ from: 1 * MiB, to: 4 * GiB })
      .default(64 * MiB)
      .describe(
        "Bytes times clients of one round behind Mongrel2, which copies them: 64 KiB to 1,000 clients.",
      ),
    roundWaitMs: wholeNumber({ from: 10, to: 60_000 })
      .default(250)
      .describe("How long a round waits for its slowest client, in milliseconds: the delay a user feels."),
    stallSeconds: wholeNumber({ from: 1, to: 86_400 })
      .default(60)
      .describe("How long a client may take nothing before it is cut: several of TCP's retries."),
    headBytes: wholeNumber({ from: 1 * KiB, to: 1 * MiB })
      .default(16 * KiB)
      .describe("Bytes of a request head: what Node and the shipped mongrel2.conf take."),
    bodyBytes: wholeNumber({ from: 0, to: 64 * MiB })
      .default(MiB)
      .describe(
        "Bytes of a request body, that is of all publications in one request; as limits.content_length of the Mongrel2 that Pharos ships.",
      ),
    requestBytes: wholeNumber({ from: 64 * KiB, to: 64 * GiB })
      .default(64 * MiB)
      .describe(
        "Bytes of all request bodies that arrive, wait or are worked on, half of them for one address: 64 of the largest; beyond it 503. A worker holds an equal part of it, or two of the largest where that is more.",
      ),
  })
  .prefault({})
  .describe("Bounds of everything that can grow. From the file and the environment only.");
