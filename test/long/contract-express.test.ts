import { describeContract } from "../contract/contract.js";

// The ordinary tests run the contract in a server of Node, in Fastify, and in Express with middleware.
describeContract("express");
