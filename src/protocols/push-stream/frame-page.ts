/**
 * The first part of a stream in a frame, from which the client library reads messages. This page registers with the page
 * around it, which finds it by the `streamid` in its URL and gives it the function `p`.
 *
 * In browsers that still let pages widen their origin (`document.domain`), the library does that around the frame, so the
 * page here has to do the same. From then on pages of sibling domains can act in the name of the hub. So the response has
 * {@link WebSocketOrigins.framePolicy}, which limits who may frame it, and outside a frame the page widens nothing.
 */
export const framePage: Buffer = Buffer.from(
  [
    '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">',
    '<meta http-equiv="Cache-Control" content="no-store">',
    '<script type="text/javascript">',
    "try {",
    "  var host = window.location.hostname;",
    "  var parts = host.split('.');",
    "  var least = /(\\w{4,}\\.\\w{2}|\\.\\w{3,})$/.test(host) ? 2 : 3;",
    "  var isAddress = /^(\\d{1,3}\\.){3}\\d{1,3}$/.test(host);",
    "  if (parent !== window) document.domain = isAddress ? host : parts.slice(-Math.max(parts.length - 1, least)).join('.');",
    "} catch (error) {}",
    // The library writes the number 0, that of the first stream of a page, as an empty text, and would not find it.
    "if (/[?&]streamid=(&|$)/.test(window.location.search)) parent.PushStreamManager[0].wrapper.register(this);",
    "else parent.PushStream.register(this);",
    "</script>",
    "</head>",
    "<body>",
    "",
  ].join("\r\n"),
);
