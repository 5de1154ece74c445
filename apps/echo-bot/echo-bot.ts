// An account that says everything again. Beside `npm start`: node apps/echo-bot/echo-bot.ts
import { existsSync } from 'node:fs';
import { openSqliteStore, SecureChat } from '@securechat/client/node';

const server = { http: 'http://127.0.0.1:7450', socket: 'ws://127.0.0.1:7443/v1/ws' };
const isKnown = existsSync('echo.db');
const store = await openSqliteStore('echo.db');
const bot = isKnown
  ? await SecureChat.open({ store })
  : await SecureChat.signUp({ server, userId: 'echo', store });

bot.on('request', (conversation) => conversation.accept());
bot.on('message', ({ conversation, message, isNew }) => {
  if (!isNew || message.isOwn || message.body.type !== 'text') return;
  conversation.send(`You said: ${message.body.text}`).catch(console.error);
});
bot.connect();
