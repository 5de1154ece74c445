import { runService } from '@securechat/kernel';
import { createFiles } from './app.ts';

await runService('files', createFiles);
