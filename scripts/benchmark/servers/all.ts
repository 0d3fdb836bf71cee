import type { Candidate } from "../candidate/candidate.js";
import { betterSse } from "./better-sse.js";
import { floor } from "./floor.js";
import { nchan } from "./nchan.js";
import { pharos } from "./pharos.js";
import { pharosDisk } from "./pharos-disk.js";
import { pharosMongrel2 } from "./pharos-mongrel2.js";
import { pushpin } from "./pushpin.js";
import { socketIo } from "./socket-io.js";

/** All servers of the default run, in the order of the tables. */
export const candidates: readonly Candidate[] = Object.freeze([
  pharos,
  pharosDisk,
  pharosMongrel2,
  nchan,
  pushpin,
  betterSse,
  socketIo,
  floor,
]);
