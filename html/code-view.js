import { exampleTopic, publishCommands, publishLine, subscribeCommands } from "./commands.js";
import { Commands } from "./command-list.js";
import { byTransport } from "./transports.js";

/** The commands and the code for what the page follows and publishes, and the command that an empty page shows. */
export class CodeView {
  #ui;
  #subscribing;
  #publishing;
  /** The command line tool. */
  #program = "pharos";
  #shown;
  #steps;

  /** `steps` are the first steps, which show some of the same commands. */
  constructor(ui, steps) {
    this.#ui = ui;
    this.#steps = steps;
    this.#subscribing = new Commands({ parent: ui["subscribe-code"], template: ui.command });
    this.#publishing = new Commands({ parent: ui["publish-code"], template: ui.command });
    void this.#readProgram();
  }

  /** `carrier` is the transport in use. `publication` is the content of the form. */
  show({ topics, transport, carrier, hasToken, publication }) {
    this.#shown = { topics, transport, carrier, hasToken, publication };
    const program = this.#program;
    this.#ui.carrier.textContent = `This page is connected ${byTransport(carrier)}.`;
    this.#ui["token-hint"].hidden = !hasToken;
    this.#subscribing.show(subscribeCommands(topics, { hasToken, transport, carrier, program }));
    this.#publishing.show(publishCommands(publication, { hasToken, program }));
    this.#steps.show({ topics, transport, carrier, hasToken, program });
    const example = { topic: exampleTopic(topics), data: "Hello from the tower" };
    this.#ui.example.textContent = publishLine(example, program);
  }

  /** In an installed package the file is missing, and the command line tool is `pharos`. */
  async #readProgram() {
    const checkout = await import("./program.js").catch(() => undefined);
    if (checkout === undefined) return;
    this.#program = checkout.program;
    if (this.#shown) this.show(this.#shown);
  }
}
