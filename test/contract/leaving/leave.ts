import { setTimeout as delay } from "node:timers/promises";
import { heldGauges } from "../../support/held-gauges.js";
import type { RawConnection } from "../../support/raw-http.js";
import { waitFor } from "../../support/wait-for.js";
import { within } from "../client.js";
import type { Site } from "../site.js";
import { cutsOf, describeCut } from "./exchange.js";
import type { Cut, Exchange } from "./exchange.js";

/** The clients that are connected at a time. */
const together = 100;

/** Time for the hub to read what the clients sent, in milliseconds: RST drops what the hub has not read. */
const readMs = 10;

export interface LeaveOptions {
  /** Creates an exchange. The number is different for each client. */
  readonly create: (number: number) => Exchange;
  /** True if clients leave at each position in all ways. */
  readonly every: boolean;
  /** Called while clients are connected. */
  readonly meanwhile: () => Promise<unknown>;
  /** The function adds the gauges that were not 0 while clients were connected. */
  readonly seen: Set<string>;
}

/**
 * Clients leave at each position of the exchange. Then the function waits until the hub holds nothing for them.
 *
 * @returns the number of clients
 */
export async function leaveEverywhere(site: Site, options: LeaveOptions): Promise<number> {
  const { create, every, meanwhile, seen } = options;
  const cuts = cutsOf(create(0), { every });
  for (let from = 0; from < cuts.length; from += together) {
    const group = cuts.slice(from, from + together);
    const clients = await Promise.all(
      group.map(async (cut, index) => ({
        cut,
        connection: await connectUpTo(site, create(from + index), cut),
      })),
    );
    await meanwhile();
    await delay(readMs);
    for (const name of heldGauges) if (site.figure(name) !== 0) seen.add(name);
    for (const { cut, connection } of clients) leave(connection, cut);
  }
  await untilNothingIsHeld(site);
  return cuts.length;
}

/** Waits until the hub holds nothing for clients. */
export async function untilNothingIsHeld(site: Site): Promise<void> {
  const missing = (): string => `still held: ${heldBy(site).join(", ")}`;
  await waitFor(() => heldBy(site).length === 0, { within, missing });
}

/** The gauges of what the hub holds for clients that are not 0, with their values. */
export function heldBy(site: Site): readonly string[] {
  return heldGauges.filter((name) => site.figure(name) !== 0).map((name) => `${name} ${site.figure(name)}`);
}

/** Connects a client, which sends the exchange up to the cut. */
export async function connectUpTo(site: Site, exchange: Exchange, cut: Cut): Promise<RawConnection> {
  const connection = await site.connect();
  if (exchange.isSlow === true) connection.pause();
  try {
    for (const { write, read } of exchange.steps.slice(0, cut.step)) {
      await sendAll(connection, write, read);
    }
    const { write, read } = exchange.steps[cut.step] ?? { write: Buffer.alloc(0) };
    await sendAll(connection, write.subarray(0, cut.bytes), cut.hasRead ? read : undefined);
  } catch (cause) {
    throw new Error(describeCut(exchange, cut), { cause });
  }
  return connection;
}

/** Waits for the text in what the client receives after its bytes. */
async function sendAll(connection: RawConnection, bytes: Buffer, text: string | undefined): Promise<void> {
  const { length } = connection;
  connection.write(bytes);
  if (text !== undefined) await connection.readUntil((all) => all.includes(text, length), { within });
}

/** The client leaves. */
export function leave(connection: RawConnection, { way }: Pick<Cut, "way">): void {
  if (way === "half-close") connection.endWriting();
  else connection.close({ reset: way === "reset" });
}
