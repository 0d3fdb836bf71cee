import { testLeaving } from "../contract/leaving/leaving.js";

testLeaving("node", { every: false });
testLeaving("middleware", { every: false });
