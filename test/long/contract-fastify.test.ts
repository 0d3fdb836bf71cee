import { describeContract } from "../contract/contract.js";
// The ordinary tests run the contract in a server of Node, and in Express with middleware.

describeContract("fastify");
