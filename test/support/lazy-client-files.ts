/**
 * Loads, before the tests of a file, the two files that the library loads when it needs them. All test files of a
 * process share their modules: if a file ended while one of its streams loaded them, the load failed, and it failed for
 * every later file too.
 */
import "../../src/client/pharos-client-fallbacks.js";
import "../../src/client/pharos-client-more.js";
