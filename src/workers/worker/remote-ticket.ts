import { JoinTicket } from "../../delivery/joining/admitted-stream.js";
import type { Place } from "../ipc/messages.js";

/** A ticket for a cohort of the hub, with the reservation of {@link RemoteCohorts.reserve}. */
export class RemoteTicket extends JoinTicket {
  readonly #place: Place;

  constructor(place: Place) {
    super();
    this.#place = place;
  }

  /** Returns the `Place` that the hub has sent. Throws an Error for a ticket of another kind. */
  static read(ticket: JoinTicket): Place {
    if (ticket instanceof RemoteTicket) return ticket.#place;
    throw new Error("this ticket is not a RemoteTicket");
  }
}
