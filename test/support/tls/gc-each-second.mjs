// With `--expose-gc --import` of this file, a process frees its garbage every second: its memory is then what it uses.
setInterval(() => globalThis.gc(), 1000).unref();
