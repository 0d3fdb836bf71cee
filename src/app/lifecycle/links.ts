import type { Front } from "../../fronts/front.js";

/** A front behind another server. */
export type LinkedFront = Front & Required<Pick<Front, "linkState">>;

/** The fronts behind another server. */
export function linksOf(fronts: readonly Front[]): readonly LinkedFront[] {
  return fronts.filter((front): front is LinkedFront => front.linkState !== undefined);
}

/** The numbers of links, for the health check. */
export interface LinkFacts {
  readonly links: number;
  readonly linksUp: number;
  /** The number of Mongrel2 servers whose requests another hub gets, too. Undefined if there are none. */
  readonly linksShared?: number;
}

export function linkFacts(fronts: readonly Front[]): LinkFacts {
  const links = linksOf(fronts);
  const shared = links.filter(({ isShared }) => isShared === true).length;
  return {
    links: links.length,
    ...(shared > 0 ? { linksShared: shared } : {}),
    linksUp: links.filter(({ linkState }) => linkState === "up").length,
  };
}
