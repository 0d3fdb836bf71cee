import { testWebSocketLeaving } from "../contract/web-socket-leaving.js";

testWebSocketLeaving("http");
