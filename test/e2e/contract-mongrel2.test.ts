import { describeContract } from "../contract/contract.js";

describeContract("mongrel2-shipped");
describeContract("mongrel2-stock");
