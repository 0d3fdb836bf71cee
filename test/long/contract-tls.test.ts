import { describeContract } from "../contract/contract.js";

// Clients of TLS must not notice a difference.
process.env["CONTRACT_TLS"] = "on";
describeContract("http");
