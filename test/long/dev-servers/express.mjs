import compression from "compression";
import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

const proxy = createProxyMiddleware({ target: process.env.HUB, pathRewrite: { "^/hub": "" }, ws: true });
const app = express();
app.use(compression());
app.use(proxy);
app.listen(Number(process.env.PORT)).on("upgrade", proxy.upgrade);
