import type { Grants } from "./grants.js";

/** The grants from a token's claims, without its form and expiry. */
export type TokenRights = Pick<Grants, "publish" | "mayPublish" | "subscribe" | "payloadFor">;
