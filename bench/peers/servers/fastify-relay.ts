import websocket from '@fastify/websocket';
import fastify from 'fastify';
import { relay } from './relay.ts';

const app = fastify();
await app.register(websocket, { options: { perMessageDeflate: false } });
app.get('/', { websocket: true }, relay);
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 });
