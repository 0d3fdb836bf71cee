export { feedWithMore } from "./more-feed.js";
