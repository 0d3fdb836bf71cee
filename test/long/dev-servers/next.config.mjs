export default {
  rewrites: () => [{ source: "/hub/:path*", destination: `${process.env.HUB}/:path*` }],
};
