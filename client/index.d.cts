// CommonJS programs get the types of the ES module.
export * from "../dist/client/index.js";
