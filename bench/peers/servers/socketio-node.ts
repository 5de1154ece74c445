// A chat node as commonly built on socket.io: rooms across nodes by the adapter for Redis Streams, from which missed messages are
// recovered; with POSTGRES_URL every message is a row before it is acknowledged.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { Server } from 'socket.io';

/** Ten times the adapter's default, with which it loses messages sooner under this load. */
const STREAM_ENTRIES = 100_000;
const RECOVERY_MS = 600_000;
const INSERT = 'INSERT INTO messages (id, sender, recipient, body) VALUES ($1, $2, $3, $4)';

type Said = { to: string; b: string };

const { REDIS_URL = '', POSTGRES_URL, PORT } = process.env;
const redis = new Redis(REDIS_URL);
const pool = POSTGRES_URL === undefined ? undefined : new Pool({ connectionString: POSTGRES_URL, max: 10 });
const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(redis, { maxLen: STREAM_ENTRIES }),
  connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_MS },
  transports: ['websocket'],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});

async function store(sender: string, { to, b }: Said): Promise<void> {
  await pool?.query({ name: 'insert', text: INSERT, values: [randomUUID(), sender, to, b] });
}

io.on('connection', (socket) => {
  const user = String(socket.handshake.auth.user);
  if (!socket.recovered) {
    void socket.join(user);
    // recovery starts at the last event, so there has to be one
    io.to(user).emit('welcome');
  }
  socket.on('direct', async (said: Said, done: () => void) => {
    await store(user, said);
    io.to(said.to).emit('direct', { from: user, b: said.b });
    done();
  });
  socket.on('join', async (group: string, done: () => void) => {
    await socket.join(group);
    done();
  });
  socket.on('group', async (said: Said, done: () => void) => {
    await store(user, said);
    io.to(said.to).except(socket.id).emit('group', { from: user, b: said.b });
    done();
  });
});
http.listen({ host: '127.0.0.1', port: Number(PORT), backlog: 4096 });
