import { testLeaving } from "../contract/leaving/leaving.js";

testLeaving("mongrel2-shipped", { every: false });
