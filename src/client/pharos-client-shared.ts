export { sharedFeed } from "./shared/open-shared.js";
