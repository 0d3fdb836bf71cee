import type { Grants } from "./grants.js";

/** What a token's claims allow, apart from who made it and until when. */
export type TokenRights = Pick<Grants, "publish" | "mayPublish" | "subscribe" | "payloadFor">;
