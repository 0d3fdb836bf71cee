export { extendedFeed } from "./extended-feed.js";
