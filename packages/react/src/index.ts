export { PharosProvider, useEvents, usePharos, useTopic } from "./hooks.js";
export type { PharosProviderProps } from "./hooks.js";
export type { Connection, StoreOptions } from "./topic-store.js";
export type { LiveEvent, LiveGap, LiveItem } from "@pharos/client";
