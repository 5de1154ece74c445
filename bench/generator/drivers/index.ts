import type { Driver, DriverName, Target } from './driver.ts';
import { relayDriver } from './relay.ts';
import { secureChatDriver } from './securechat.ts';
import { socketIoDriver } from './socketio.ts';

const drivers: Record<DriverName, (target: Target) => Driver> = {
  securechat: secureChatDriver,
  relay: relayDriver,
  socketio: socketIoDriver,
};

export function driverFor(target: Target): Driver {
  return drivers[target.driver](target);
}
