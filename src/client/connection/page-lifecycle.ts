/**
 * Calls `onBack` when the page is shown, thawed or online again; `renewed` after it was offline, since what was open may have
 * gone without a word. Where there is no page (Node, a worker) it knows of the network at most. Returns what ends it.
 */
export function watchPage(onBack: (options: { readonly renewed: boolean }) => void): () => void {
  const ended = new AbortController();
  const on = (target: EventTarget | undefined, type: string, listener: () => void): void =>
    target?.addEventListener?.(type, listener, { signal: ended.signal });
  const back = (): void => onBack({ renewed: false });
  on(globalThis.document, "visibilitychange", () => document.hidden || back());
  on(globalThis.document, "resume", back);
  on(globalThis, "pageshow", back);
  on(globalThis, "online", () => onBack({ renewed: true }));
  return () => ended.abort();
}
