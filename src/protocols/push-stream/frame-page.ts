/**
 * The page in a frame that the client library reads messages from: it makes itself known to the page around it, which
 * finds it by the `streamid` in its address and gives it the function `p`. Where browsers still let pages widen their
 * origin (`document.domain`), the library does so around it, and this page has to do the same. From then on every page of
 * a sibling domain that has hold of it acts in the hub's name: it is sent with {@link PageOrigins.framePolicy}, which says
 * who may frame it, and widens nothing where it is in no frame but a window of its own.
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
    // The library writes the number 0, that of the first of a page, as nothing, and would not find it.
    "if (/[?&]streamid=(&|$)/.test(window.location.search)) parent.PushStreamManager[0].wrapper.register(this);",
    "else parent.PushStream.register(this);",
    "</script>",
    "</head>",
    "<body>",
    "",
  ].join("\r\n"),
);
