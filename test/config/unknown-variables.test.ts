import { expect, test } from "vitest";

import { unknownVariables } from "../../src/config/unknown-variables.js";
import { variableNames } from "../../src/config/sources.js";

// Misspelt variables had no effect, and nothing said so.
test("a misspelt variable is named with the variable that was probably meant", () => {
  const environment = {
    PHAROS_LOGLEVEL: "debug",
    PHAROS_HTPP: "8080",
    PHAROS_CORS_ORIGINS: "https://a.example",
    PHAROS_COLOUR_OF_THE_LIGHT: "white",
    // Bug: each name that ends with PORT counted as one of Kubernetes.
    PHAROS_HTTP_PORT: "8080",
    PHAROS_ADMIN_PORT: "8081",
  };
  expect(unknownVariables(environment)).toEqual([
    "PHAROS_LOGLEVEL (did you mean PHAROS_LOG_LEVEL?)",
    "PHAROS_HTPP (did you mean PHAROS_HTTP?)",
    "PHAROS_CORS_ORIGINS (did you mean PHAROS_CORS_ORIGIN?)",
    "PHAROS_COLOUR_OF_THE_LIGHT",
    "PHAROS_HTTP_PORT",
    "PHAROS_ADMIN_PORT",
  ]);
});

test("the variables of settings, of other programs and of Kubernetes are no mistake", () => {
  const names = [
    ...variableNames(),
    "PHAROS_TOKEN",
    "PHAROS_SERVICE_HOST",
    "PHAROS_SERVICE_PORT",
    "PHAROS_SERVICE_PORT_HTTP",
    "PHAROS_PORT",
    "PHAROS_PORT_8080_TCP",
    "PHAROS_PORT_8080_TCP_ADDR",
    "PHAROS_HUB_SERVICE_HOST",
    "PHAROS_HUB_PORT_8080_TCP_PROTO",
    "HOME",
  ];
  const others = { PHAROS_HUB_PORT: "tcp://10.0.0.1:8080", PHAROS_X: " " };
  expect(unknownVariables({ ...Object.fromEntries(names.map((name) => [name, "1"])), ...others })).toEqual(
    [],
  );
});
