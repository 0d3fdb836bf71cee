/**
 * The first part of a stream in an iframe. The client library reads messages from the iframe. This page registers
 * with the parent page. The parent finds the iframe by the `streamid` in its URL, and gives the iframe the function
 * `p`.
 *
 * Some browsers still let pages widen their origin (`document.domain`). In such browsers, the library widens the
 * origin of the parent page, so this page has to do the same. From then on, pages of sibling domains can act in the
 * name of the hub. So the response has {@link WebSocketOrigins.framePolicy}, which limits the pages that may show
 * this page in an iframe. Outside an iframe, this page widens nothing.
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
    // The first stream of a page has the number 0. The library writes 0 as an empty text. Without this line, the
    // library would not find the stream.
    "if (/[?&]streamid=(&|$)/.test(window.location.search)) parent.PushStreamManager[0].wrapper.register(this);",
    "else parent.PushStream.register(this);",
    "</script>",
    "</head>",
    "<body>",
    "",
  ].join("\r\n"),
);
