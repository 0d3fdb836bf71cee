const rewrite = (path) => path.replace(/^\/hub/, "");

export default { server: { proxy: { "/hub": { target: process.env.HUB, rewrite, ws: true } } } };
