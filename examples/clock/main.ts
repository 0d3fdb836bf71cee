import { HttpPublisher } from "pharos";
import { startSite } from "../site.js";

const { hub } = await startSite({ page: new URL("index.html", import.meta.url) });
const publisher = new HttpPublisher(hub);

for (;;) {
  // The hub retains the time, so a client that connects between two ticks gets the time at once.
  await publisher.publish({ topic: "clock", data: new Date().toISOString(), retain: true });
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
