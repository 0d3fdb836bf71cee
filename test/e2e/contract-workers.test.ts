import { describeContract } from "../contract/contract.js";

// Two processes hold the connections of the HTTP front; for their clients that must make no difference.
process.env["PHAROS_WORKERS"] = "2";
describeContract("http");
