import { expect, it } from "vitest";
import { mayPublishOpenly } from "../../../src/gateway/access/open-publishing.js";
import { gatewayRequest } from "../request.js";

it.each([
  { page: "http://localhost:8080", isTls: false, may: true },
  { page: "https://localhost:8080", isTls: true, may: true },
  { page: "https://localhost:8080", isTls: false, may: false },
  { page: "http://localhost:8080", isTls: true, may: false },
  { page: "https://localhost:9000", isTls: true, may: false },
])("a page of $page may publish to localhost:8080 (TLS $isTls): $may", ({ page, isTls, may }) => {
  const headers = { host: "localhost:8080", origin: page };
  const result = mayPublishOpenly({ ...gatewayRequest({ headers }), isTls });
  expect(result).toBe(may || `a page of the origin ${JSON.stringify(page)} sent the request`);
});
