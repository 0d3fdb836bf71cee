import type { Logger } from "../../base/log.js";
import type { Journal } from "../../journal/journal.js";
import type { JournalEnd } from "../../journal/logged/logged-journal.js";

/** Opens the journal, and closes it if the signal is aborted meanwhile. */
export async function openJournal(journal: Journal, stopping: AbortSignal): Promise<void> {
  const stop = (): void => void journal.close();
  if (stopping.aborted) stop();
  stopping.addEventListener("abort", stop);
  try {
    await journal.open();
  } finally {
    stopping.removeEventListener("abort", stop);
  }
}

/** Who learns that the journal stores nothing more. */
export interface EndPorts {
  readonly logger: Logger;
  readonly onJournalLost?: () => void;
  readonly onJournalFailed?: (error: unknown) => void;
}

/** Reports that the journal stores nothing more. */
export function reportEnd(end: JournalEnd, { onJournalLost, onJournalFailed, logger }: EndPorts): void {
  if (end.kind === "lost") onJournalLost?.();
  else {
    logger.error({ error: end.error }, "the journal stores nothing more");
    onJournalFailed?.(end.error);
  }
}
