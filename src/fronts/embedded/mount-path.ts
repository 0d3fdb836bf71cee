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
   * Where a browser finds the page, if the request is for this path without a slash at its end: the addresses in the page
   * are relative to a folder. Undefined for every other request.
   */
  withSlash({ originalUrl, url = "/" }: Pick<HostRequest, "originalUrl" | "url">): string | undefined {
    const { path, query } = splitTarget(originalUrl ?? url);
    const isWhole = splitTarget(this.below(url) ?? url).path === "/" && !path.endsWith("/");
    return isWhole ? `${path}/${query === "" ? "" : `?${query}`}` : undefined;
  }
}
