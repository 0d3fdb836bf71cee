/**
 * Calls `onBack` when the page is shown, thawed or online again; `renewed` after it was offline, since what was open may have
 * gone without a word. Where there is no page (Node, a worker) it knows of the network at most. Returns what ends it.
 */
export function watchPage(onBack: (options: { readonly renewed: boolean }) => void): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const back = (): void => onBack({ renewed: false });
  const page: EventTarget | undefined = globalThis.document;
  page?.addEventListener("visibilitychange", () => document.hidden || back(), { signal });
  page?.addEventListener("resume", back, { signal });
  globalThis.addEventListener?.("pageshow", back, { signal });
  globalThis.addEventListener?.("online", () => onBack({ renewed: true }), { signal });
  return () => ended.abort();
}
