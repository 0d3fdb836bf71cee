import { describeContract } from "../contract/contract.js";

// Two worker processes hold the connections of the HTTP front. Clients must not notice a difference.
process.env["PHAROS_WORKERS"] = "2";
describeContract("http");
