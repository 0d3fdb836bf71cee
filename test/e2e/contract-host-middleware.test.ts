import { describeContract } from "../contract/contract.js";

describeContract("middleware");
