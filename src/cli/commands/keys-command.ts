import type { Command } from "commander";

import type { Io } from "../terminal/io.js";

/** Adds the command `keys`. */
export function addKeys(root: Command, io: Io): void {
  root
    .command("keys")
    .description("Make a pair of CURVE keys in a new file, and print the public one.")
    .argument("<FILE>", "The file to make; one that is there is never changed.")
    .option("--server <KEY>", "The hub's public key: makes the file that publish --curve takes.")
    .action(async (file: string, { server }: { readonly server?: string }) => {
      const { createKeyPair, parseKey } = await import("../../zeromq/curve/keys.js");
      const { writeKeyFile } = await import("../../zeromq/curve/key-file.js");
      const known = server === undefined ? {} : { serverKey: parseKey(server, "--server") };
      const keys = createKeyPair();
      writeKeyFile(file, { ...keys, ...known });
      io.stdout.write(`${keys.publicKey}\n`);
    });
}
