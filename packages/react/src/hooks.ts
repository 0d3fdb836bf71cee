import { connect, type LiveEvent, type LiveItem } from "@pharos/client";
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from "react";
import { TopicStore, type Connection, type StoreOptions } from "./topic-store.js";

export interface PharosProviderProps {
  /** The URL of the hub, or of one of its streams, as for `connect`. Another URL makes another connection. */
  readonly url: string | URL;
  /**
   * Options of `connect`, without `filters` and `signal`. They are read when the provider connects: to use others, give
   * the provider another `key`. @default those of `connect`
   */
  readonly options?: StoreOptions;
  readonly children?: ReactNode;
}

const StoreContext = createContext<TopicStore | undefined>(undefined);
const nowhere: Connection = { state: { kind: "idle" }, refused: undefined, refusedFilters: [] };

/**
 * One connection for all components below. It opens when the provider is mounted, and closes when it is unmounted. On a
 * server, nothing connects.
 */
export function PharosProvider({ url, options = {}, children }: PharosProviderProps): ReactElement {
  const address = String(url);
  const [held, hold] = useState(() => ({ address, store: new TopicStore({ url, options, connect }) }));
  let { store } = held;
  if (held.address !== address) {
    store = new TopicStore({ url, options, connect });
    hold({ address, store });
  }
  useEffect(() => store.open(), [store]);
  return createElement(StoreContext.Provider, { value: store }, children);
}

/**
 * The last event of a topic: at first its retained value, if it has one; undefined before the first event.
 *
 * @param topic one topic, without wildcards
 * @throws Error outside of a provider
 */
export function useTopic(topic: string): LiveEvent | undefined {
  const store = useStore("useTopic");
  if (topic.split("/").some((level) => level === "+" || level === "#"))
    throw new TypeError(`useTopic needs one topic, not the filter ${topic}; use useEvents for filters`);
  const follow = useCallback((changed: () => void) => store.follow([topic], changed), [store, topic]);
  return useSyncExternalStore(
    follow,
    () => store.latest(topic),
    () => undefined,
  );
}

/**
 * Calls `listener` with each event and each gap of the filters, once and in order. The hub first sends the retained values
 * of filters that no other component follows yet. The last `listener` that was passed is called, so it needs no
 * `useCallback`.
 *
 * @param filters one topic filter, or a list. They may change: the events of filters that stay are neither lost nor
 *   repeated
 * @throws Error outside of a provider
 */
export function useEvents(filters: string | readonly string[], listener: (item: LiveItem) => void): void {
  const store = useStore("useEvents");
  const current = useRef(listener);
  useEffect(() => {
    current.current = listener;
  });
  const component = useRef({});
  const key = JSON.stringify(typeof filters === "string" ? [filters] : filters);
  useEffect(
    () =>
      store.follow(JSON.parse(key) as readonly string[], (item) => current.current(item), component.current),
    [store, key],
  );
}

/**
 * The state of the connection, for a line such as "reconnecting".
 *
 * @throws Error outside of a provider
 */
export function usePharos(): Connection {
  const store = useStore("usePharos");
  const watch = useCallback((changed: () => void) => store.watch(changed), [store]);
  return useSyncExternalStore(
    watch,
    () => store.connection,
    () => nowhere,
  );
}

function useStore(name: string): TopicStore {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error(`${name} needs a <PharosProvider> above its component`);
  return store;
}
