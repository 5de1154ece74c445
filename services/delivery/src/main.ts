import { runService } from '@securechat/kernel';
import { createDelivery } from './app.ts';

await runService('delivery', createDelivery);
