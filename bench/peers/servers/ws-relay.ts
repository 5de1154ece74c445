import { WebSocketServer } from 'ws';
import { relay } from './relay.ts';

const server = new WebSocketServer({
  ...{ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 },
  perMessageDeflate: false,
});
server.on('connection', relay);
