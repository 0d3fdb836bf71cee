/**
 * Calls `onReturn` when the page becomes visible, is unfrozen, or is online again, until `ended` aborts. `wasOffline` is
 * true after a network failure: open connections may be dead without an error. Node and workers have no page events,
 * and some of them have no network events either.
 */
export function watchPage(
  onReturn: (options: { readonly wasOffline: boolean }) => unknown,
  ended: AbortSignal,
): void {
  const on = (target: EventTarget | undefined, type: string, listener: () => unknown): void =>
    target?.addEventListener?.(type, listener, { signal: ended });
  const shown = (): unknown => onReturn({ wasOffline: false });
  on(globalThis.document, "visibilitychange", () => document.hidden || shown());
  on(globalThis.document, "resume", shown);
  on(globalThis, "pageshow", shown);
  on(globalThis, "online", () => onReturn({ wasOffline: true }));
}
