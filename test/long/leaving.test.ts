import { testLeaving } from "../contract/leaving/leaving.js";

testLeaving("http", { every: true });
testLeaving("http", { every: true, workers: 2 });
testLeaving("mongrel2-shipped", { every: true });
testLeaving("mongrel2-stock", { every: true });
testLeaving("node", { every: true });
testLeaving("middleware", { every: true });
