import type { Joining } from "../../hub/cohort.js";
import { JoinTicket } from "./admitted-stream.js";

/** A ticket for a cohort of the hub in this process. */
export class LocalTicket extends JoinTicket {
  readonly #joining: Joining;

  constructor(joining: Joining) {
    super();
    this.#joining = joining;
  }

  /**
   * Returns the request from which the ticket was created. Throws an Error for a ticket of another kind, because that
   * ticket belongs to another process.
   */
  static read(ticket: JoinTicket): Joining {
    if (ticket instanceof LocalTicket) return ticket.#joining;
    throw new Error("this ticket is not for a cohort of the hub in this process");
  }
}
