import { describeContract } from "../contract/contract.js";

describeContract("node");
