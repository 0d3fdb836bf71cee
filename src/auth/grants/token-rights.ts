import type { Grants } from "./grants.js";

/** The grants from a token's claims, without the token's form and expiry. */
export type TokenRights = Pick<Grants, "publish" | "mayPublish" | "subscribe" | "payloadFor">;
