import { setFlagsFromString } from "node:v8";

/*
 * The history contains up to 256 MiB of text on the heap. By default, V8 lets a heap of that size grow threefold before
 * a garbage collection. With events of 64 KiB and 1 MiB and no client, the process uses 913 to 1,360 MB. With this
 * setting the process uses 477 to 590 MB, at the same publishing rate. Import this file before everything else, because
 * V8 does not shrink a heap that has grown.
 */
setFlagsFromString("--heap-growing-percent=20");
