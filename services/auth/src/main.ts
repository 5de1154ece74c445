import { runService } from '@securechat/kernel';
import { createAuth } from './app.ts';

await runService('auth', createAuth);
