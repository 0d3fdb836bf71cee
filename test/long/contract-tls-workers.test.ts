import { describeContract } from "../contract/contract.js";

// Two worker processes make the handshakes. Clients of TLS must not notice a difference.
process.env["CONTRACT_TLS"] = "on";
process.env["PHAROS_WORKERS"] = "2";
describeContract("http");
