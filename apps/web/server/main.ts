// Serves the page for `npm start` and in the web image. Settings: WEB_PORT, WEB_HTTP_URL and WEB_SOCKET_URL, set by `npm start` and the
// manifests; WEB_FILES_URL, if FILES_PUBLIC_URL has a different origin than WEB_HTTP_URL; WEB_HOST, by default the loopback address.
import { DIST } from './dist.ts';
import { createStaticServer } from './static-server.ts';

const { WEB_HOST = '127.0.0.1', WEB_PORT = '', WEB_HTTP_URL = '', WEB_SOCKET_URL = '' } = process.env;
const { WEB_FILES_URL = WEB_HTTP_URL } = process.env;
const urls = [WEB_HTTP_URL, WEB_SOCKET_URL, WEB_FILES_URL];
if (!/^\d+$/.test(WEB_PORT) || !urls.every((url) => URL.canParse(url))) {
  console.error(
    'WEB_PORT, WEB_HTTP_URL and WEB_SOCKET_URL have to be set, to a port and URLs; `npm start` does that.',
  );
  process.exit(1);
}

const server = createStaticServer(DIST, { http: WEB_HTTP_URL, socket: WEB_SOCKET_URL, files: WEB_FILES_URL });
server.listen(Number(WEB_PORT), WEB_HOST, () =>
  console.log(`the page is at http://${WEB_HOST}:${WEB_PORT}/`),
);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
