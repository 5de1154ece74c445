import { runService } from '@securechat/kernel';
import { createPresence } from './app.ts';

await runService('presence', createPresence);
