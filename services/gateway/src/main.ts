import { runService } from '@securechat/kernel';
import { createGateway } from './app.ts';

await runService('gateway', createGateway);
