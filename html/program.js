/** The command line tool of a checkout. The package for users omits this file, because there the tool is `pharos`. */
export const program = "./scripts/pharos";
