import { httpFronts } from "../fronts/http/listening/http-fronts.js";
import type { FrontBuilder } from "../fronts/front.js";
import { mongrel2Fronts } from "../fronts/mongrel2/mongrel2-fronts.js";
import { workersFronts } from "../workers/primary/workers-fronts.js";

/** Every kind of front. The fronts start in this order. */
export const frontBuilders: readonly FrontBuilder[] = [httpFronts, workersFronts, mongrel2Fronts];
