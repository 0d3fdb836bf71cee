import * as fc from "fast-check";
import type { Appetite } from "./fake-socket.js";
import type { Opening, Transport } from "./clients/client-kind.js";
import { tokenNames } from "./tokens.js";
import type { Token } from "./tokens.js";

export const topics = ["a", "b", "c", "d/x"] as const;
export const filterTexts = ["a", "b", "c", "+", "d/#", "#", "d/x"] as const;

/** One step of a run: what a client or a publisher does, or what the event loop and the messages do. */
export type Step =
  | {
      readonly kind: "publish";
      readonly topics: readonly string[];
      readonly bytes: number;
      readonly retain: boolean;
      readonly private: boolean;
      readonly ownId: boolean;
      /** Above 1, a short history loses publications that clients still need. */
      readonly times: number;
    }
  | {
      readonly kind: "open";
      readonly transport: Transport;
      readonly filters: readonly string[];
      readonly token: Token;
      readonly appetite: Appetite;
    }
  | {
      readonly kind: "change";
      readonly who: number;
      readonly add: readonly string[];
      readonly drop: readonly string[];
    }
  | { readonly kind: "renew"; readonly who: number; readonly token: Token | "made-up" }
  | { readonly kind: "reconnect"; readonly who: number; readonly filters?: readonly string[] }
  | { readonly kind: "leave" | "close" | "drain"; readonly who: number }
  | { readonly kind: "toHub" | "toWorker"; readonly messages: number }
  | { readonly kind: "wait" | "busy"; readonly ms: number }
  | { readonly kind: "tellPosition" | "turn" | "verify" | "drainAll" | "poll" };

const who = fc.nat({ max: 7 });
const filters = fc.subarray([...filterTexts], { minLength: 1, maxLength: 3 });
const messages = fc.constantFrom(1, 2, 4, 1000, 1000, 1000);
const token = fc.constantFrom<Token>("none", "none", "none", ...tokenNames);
const transport = fc.constantFrom<Transport>(
  "web-socket",
  "web-socket",
  "event-stream",
  "poll",
  "poll",
  "mercure",
  "push-ev",
  "push-sub",
  "push-ws",
  "push-lp",
);

/** The clients that a run begins with. */
export const firstClients: fc.Arbitrary<readonly Pick<Opening, "transport" | "filters">[]> = fc.array(
  fc.record({ transport, filters }),
  { minLength: 3, maxLength: 3 },
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topics: fc.subarray([...topics], { minLength: 1, maxLength: 2 }),
      bytes: fc.constantFrom(1, 1, 1, 40, 400),
      retain: fc.constantFrom(false, false, true),
      private: fc.constantFrom(false, false, true),
      ownId: fc.constantFrom(false, false, true),
      times: fc.constantFrom(1, 1, 1, 1, 1, 7),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("open" as const),
      transport,
      filters,
      token,
      appetite: fc.constantFrom<Appetite>("at-once", "at-once", "when-told"),
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      who,
      add: fc.subarray([...filterTexts], { maxLength: 2 }),
      drop: fc.subarray([...filterTexts], { maxLength: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("renew" as const),
      who,
      token: fc.constantFrom<Token | "made-up">(...tokenNames.filter((name) => name !== "none"), "made-up"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      { kind: fc.constant("reconnect" as const), who, filters },
      { requiredKeys: ["kind", "who"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("leave" as const, "close" as const), who }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("drain" as const), who }) },
  {
    weight: 24,
    arbitrary: fc.record({ kind: fc.constantFrom("toHub" as const, "toWorker" as const), messages }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 20, 300, 1200) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("busy" as const), ms: fc.constantFrom(0, 0, 3) }),
  },
  {
    weight: 28,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(["tellPosition", "tellPosition", "turn", "turn", "turn", "verify", "drainAll", "poll"] as const),
      ),
    }),
  },
);
