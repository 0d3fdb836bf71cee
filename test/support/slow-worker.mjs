// A worker that is never ready.
process.once("disconnect", () => process.exit());
process.on("message", () => undefined);
