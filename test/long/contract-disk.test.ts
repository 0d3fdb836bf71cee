import { describeContract } from "../contract/contract.js";

describeContract("http", "disk");
