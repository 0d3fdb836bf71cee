import type { Command } from "commander";

import type { Io } from "../terminal/io.js";

/** Adds the command `keys`. */
export function addKeys(root: Command, io: Io): void {
  root
    .command("keys")
    .description("Create a pair of CURVE keys in a new file and print the public key.")
    .argument("<FILE>", "The file to create. An existing file is never changed.")
    .option("--server <KEY>", "Public key of a hub. With this key, FILE is for publish --curve.")
    .action(async (file: string, { server }: { readonly server?: string }) => {
      const { createKeyPair, parseKey } = await import("../../zeromq/curve/keys.js");
      const { writeKeyFile } = await import("../../zeromq/curve/key-file.js");
      const known = server === undefined ? {} : { serverKey: parseKey(server, "--server") };
      const keys = createKeyPair();
      writeKeyFile(file, { ...keys, ...known });
      io.stdout.write(`${keys.publicKey}\n`);
    });
}
