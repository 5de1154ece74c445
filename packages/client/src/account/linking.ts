// What devices that come and go need; loaded when one does.
export { addDevice, revokeDevice } from '../http/accounts.ts';
export { nextDeviceList } from '../identity/device-list.ts';
export { approveLink, inviteDevice } from '../identity/linking.ts';
