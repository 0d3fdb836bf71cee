const { HUB: target } = process.env;

module.exports = {
  mode: "development",
  entry: "./entry.js",
  devServer: { proxy: [{ context: ["/hub"], pathRewrite: { "^/hub": "" }, target, ws: true }] },
};
