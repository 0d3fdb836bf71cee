export { unsealing } from "./unseal.js";
