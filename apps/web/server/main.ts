// The page of a laptop's stack and of the web image. Settings: WEB_PORT, WEB_HTTP_URL and WEB_SOCKET_URL, which `npm start` and the
// manifests set, and WEB_HOST, which is the loopback address otherwise.
import { DIST } from './dist.ts';
import { createStaticServer } from './static-server.ts';

const { WEB_HOST = '127.0.0.1', WEB_PORT = '', WEB_HTTP_URL = '', WEB_SOCKET_URL = '' } = process.env;
if (!/^\d+$/.test(WEB_PORT) || !URL.canParse(WEB_HTTP_URL) || !URL.canParse(WEB_SOCKET_URL)) {
  console.error('WEB_PORT, WEB_HTTP_URL and WEB_SOCKET_URL have to be set; `npm start` does that.');
  process.exit(1);
}

const server = createStaticServer(DIST, { http: WEB_HTTP_URL, socket: WEB_SOCKET_URL });
server.listen(Number(WEB_PORT), WEB_HOST, () =>
  console.log(`the page is at http://${WEB_HOST}:${WEB_PORT}/`),
);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
