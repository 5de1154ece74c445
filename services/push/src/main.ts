import { runService } from '@securechat/kernel';
import { createPush } from './app.ts';

await runService('push', createPush);
