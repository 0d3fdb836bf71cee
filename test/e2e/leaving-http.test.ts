import { testLeaving } from "../contract/leaving/leaving.js";

testLeaving("http", { every: false });
