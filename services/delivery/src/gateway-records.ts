import type { Route } from '@securechat/directory';
import type { OutRecord, Packed, StoredType } from '@securechat/protocol/internal';

/** A larger body is not pushed; the gateway fetches it with the device's next page. */
const MAX_INLINE_BYTES = 16 * 1024;

/** A message as it is pushed to its recipients. */
export type Delivery = {
  type: StoredType;
  convSeq: number;
  atMs: number;
  receivedAtMs: number;
  expiresAt: number | undefined;
  body: Uint8Array;
  /** What recipients that the message itself adds get instead of the body. */
  welcome: Uint8Array | undefined;
  recipients: readonly { device: number; user: number; seq: number; isWelcome: boolean }[];
};

/** What each gateway is to be sent, by its id. */
export type GatewayRecords = Map<string, Packed<OutRecord>[]>;

const NOTHING = new Uint8Array(0);

export function addRecord(
  records: GatewayRecords,
  gateway: string,
  head: OutRecord,
  body: Uint8Array = NOTHING,
): void {
  const ofGateway = records.get(gateway);
  if (ofGateway) ofGateway.push({ head, body });
  else records.set(gateway, [{ head, body }]);
}

/**
 * Adds one record for each gateway that has recipients: the body once, with the devices that get it. Devices that the
 * message adds get the welcome form.
 */
export function addDelivery(
  records: GatewayRecords,
  delivery: Delivery,
  routes: ReadonlyMap<number, Route[]>,
): void {
  const { body, welcome } = delivery;
  addForm(records, delivery, body, routes, false);
  if (welcome) addForm(records, delivery, welcome, routes, true);
}

function addForm(
  records: GatewayRecords,
  delivery: Delivery,
  body: Uint8Array,
  routes: ReadonlyMap<number, Route[]>,
  isWelcome: boolean,
): void {
  const byGateway = new Map<string, [number, number][]>();
  for (const recipient of delivery.recipients) {
    if (recipient.isWelcome !== isWelcome) continue;
    const { device, user, seq } = recipient;
    const route = routes.get(user)?.find((candidate) => candidate.device === device);
    if (!route) continue;
    const to = byGateway.get(route.gateway);
    if (to) to.push([device, seq]);
    else byGateway.set(route.gateway, [[device, seq]]);
  }
  const { type, convSeq, atMs, receivedAtMs, expiresAt } = delivery;
  for (const [gateway, to] of byGateway) {
    if (body.length > MAX_INLINE_BYTES) addRecord(records, gateway, { kind: 'head', to });
    else {
      const place = { conv_seq: convSeq, at: atMs, received_at: receivedAtMs, expires_at: expiresAt };
      addRecord(records, gateway, { kind: 'deliver', type, ...place, to }, body);
    }
  }
}
