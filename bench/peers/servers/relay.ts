// The minimum a server can do: finds a frame's recipient, forwards it, and acknowledges. Checks and stores nothing.
import { downstream, encodeFrame, HEADER_BYTES, upstream } from '@securechat/protocol';
import type { WebSocket } from 'ws';

/** The fields that the relay reads. */
type Fields = { id: string; to: string; user: string; group: string };

const users = new Map<string, WebSocket>();
const groups = new Map<string, Set<WebSocket>>();

export function relay(socket: WebSocket): void {
  let user = '';
  socket.on('message', (bytes: Buffer) => {
    const fields = JSON.parse(bytes.toString('utf8', HEADER_BYTES)) as Fields;
    switch (bytes.readUInt16BE(10)) {
      case upstream.chat.id: {
        const group = groups.get(fields.to);
        if (group) for (const member of group) if (member !== socket) member.send(bytes);
        if (!group) users.get(fields.to)?.send(bytes);
        return socket.send(frameOf(downstream.ack.id, { type: 'ack', ref: fields.id }));
      }
      case upstream.client_hello.id:
        user = fields.user;
        users.set(user, socket);
        return socket.send(frameOf(downstream.server_hello.id, { type: 'server_hello' }));
      case upstream.group_create.id:
        groups.set(fields.group, (groups.get(fields.group) ?? new Set()).add(socket));
    }
  });
  socket.on('close', () => {
    if (users.get(user) === socket) users.delete(user);
    for (const group of groups.values()) group.delete(socket);
  });
  // a close event follows
  socket.on('error', () => undefined);
}

const frameOf = (type: number, body: object): Uint8Array =>
  encodeFrame(type, Buffer.from(JSON.stringify(body)));
