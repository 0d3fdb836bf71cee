import type { BoundAddress, Front } from "../../fronts/front.js";
import { linksOf } from "./links.js";

/** The addresses of a started hub. */
export interface Ready {
  /** The URL of the first listener of the HTTP front, or `unix:/PATH`. */
  readonly http?: string;
  /** All listeners of the HTTP front, in the order of the configuration. */
  readonly listeners: readonly BoundAddress[];
  readonly ingest: readonly string[];
  readonly mongrel2: readonly { readonly name: string; readonly state: string }[];
  /** The URL of metrics and status. */
  readonly admin?: string;
}

export interface ReadyParts {
  readonly listeners: readonly BoundAddress[];
  readonly ingress: readonly { readonly address: string }[];
  readonly fronts: readonly Front[];
  readonly admin: { readonly url: string } | undefined;
}

export function readyOf({ listeners, ingress, fronts, admin }: ReadyParts): Ready {
  const [first] = listeners;
  return {
    ...(first === undefined ? {} : { http: first.url }),
    listeners: [...listeners],
    ingest: ingress.map(({ address }) => address),
    mongrel2: linksOf(fronts)
      .filter(({ label }) => label === "mongrel2")
      .map(({ name, linkState }) => ({ name, state: linkState })),
    ...(admin === undefined ? {} : { admin: admin.url }),
  };
}
