import type { Readiness } from "../../gateway/http/probes.js";
import { drain } from "./drain.js";
import type { DrainParts } from "./drain.js";
import type { Phase } from "./phase.js";

export interface LifecycleOptions extends Omit<DrainParts, "enter" | "hurry"> {
  /** Closes the hub. */
  readonly stop: () => Promise<void>;
}

/** The phases of a hub, from its start to its end. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #hurry = new AbortController();
  #phase: Phase = "starting";
  #drained: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What the readiness check tells; `degraded` if the hub serves its clients only in part. */
  readiness(isDegraded: boolean): Readiness {
    if (this.#phase === "serving") return isDegraded ? "degraded" : "ok";
    return this.#phase === "closing" ? "stopping" : this.#phase;
  }

  /** Call this method when all listeners are bound. */
  started(): void {
    this.#phase = "serving";
  }

  /** As {@link App.drain}. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** As {@link App.close}. */
  close(): Promise<void> {
    this.#hurry.abort();
    this.#phase = "stopping";
    this.#closed ??= this.#options.stop();
    return this.#closed;
  }

  async #drain(): Promise<void> {
    await drain({
      ...this.#options,
      enter: (phase) => void (this.#phase = phase),
      hurry: this.#hurry.signal,
    });
    await this.close();
  }
}
