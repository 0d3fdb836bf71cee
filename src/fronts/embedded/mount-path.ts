import { splitTarget } from "../request-target.js";
import type { HostRequest } from "./host-messages.js";

/** The path below which a host mounts the hub. */
export class MountPath {
  /** Without a slash at its end; empty for none. */
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The target of a request below this path; undefined if the request is for another part of the host. */
  below(target: string): string | undefined {
    const { path, query } = splitTarget(target);
    const search = query === "" ? "" : `?${query}`;
    if (path === this.prefix) return `/${search}`;
    return path.startsWith(`${this.prefix}/`) ? `${path.slice(this.prefix.length)}${search}` : undefined;
  }

  /**
   * The target of a request below this path. A router may have cut the path off, and then has kept the whole target in
   * `originalUrl`. Undefined if the request is for another part of the host.
   */
  targetOf({ originalUrl, url = "/" }: Pick<HostRequest, "originalUrl" | "url">): string | undefined {
    const isCutOff =
      originalUrl !== undefined && originalUrl !== url && this.below(originalUrl) !== undefined;
    return this.below(url) ?? (isCutOff ? url : undefined);
  }

  /**
   * Where a browser finds the page, if the request is for this path without a slash at its end: the addresses in the page
   * are relative to a folder. Undefined for every other request.
   */
  withSlash(request: Pick<HostRequest, "originalUrl" | "url">): string | undefined {
    const { path, query } = splitTarget(request.originalUrl ?? request.url ?? "/");
    const isWhole = splitTarget(this.targetOf(request) ?? "").path === "/" && !path.endsWith("/");
    return isWhole ? `${path}/${query === "" ? "" : `?${query}`}` : undefined;
  }
}
