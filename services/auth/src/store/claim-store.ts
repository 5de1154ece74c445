import { withTransaction } from '@securechat/kernel';
import type { KeyBundle } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';

/** Whose key packages are requested. `devices` are the active ones, by number; empty when the user is disabled. */
type ClaimTarget = { user: number; devices: number[] };

type Claim = {
  /** The asking device, and its id for the request. */
  device: number;
  requestId: string;
  /** What is asked: the same id with another question is an error. */
  question: string;
};

/** What one claim took from a device's store, and what is left. */
export type HandedOut = { device: number; once: boolean; count: number; last_resort: boolean };

export type ClaimOutcome =
  | { outcome: 'handed_out'; bundles: KeyBundle[]; handedOut: HandedOut[] }
  | { outcome: 'repeated'; bundles: KeyBundle[] }
  | { outcome: 'id_reused' };

export type ClaimStore = {
  findTarget(userId: string, deviceId: string | undefined): Promise<ClaimTarget | undefined>;
  /** The answer that this claim got before, if it consumed a package. */
  findClaim(claim: Claim): Promise<ClaimOutcome | undefined>;
  /** `once`: devices whose packages may be consumed; the others give their last resort. */
  handOut(claim: Claim, devices: readonly number[], once: readonly number[]): Promise<ClaimOutcome>;
};

const FIND_TARGET = {
  name: 'auth_find_claim_target',
  text: `
    SELECT u.id AS "user", coalesce(array_agg(d.id ORDER BY d.id) FILTER (WHERE d.id IS NOT NULL), '{}') AS devices
    FROM auth.users u
    LEFT JOIN auth.devices d ON d.user_id = u.id AND d.revoked_at IS NULL AND u.state = 'active'
      AND ($2::text IS NULL OR d.ext_id = $2)
    WHERE u.ext_id = $1
    GROUP BY u.id`,
};
const FIND_CLAIM = {
  name: 'auth_find_claim',
  text: 'SELECT question, bundles FROM auth.key_claims WHERE device_id = $1 AND request_id = $2',
};
/** A second claim with the same id waits here until the first has its answer. */
const OPEN_CLAIM = {
  name: 'auth_open_claim',
  text: `
    INSERT INTO auth.key_claims (device_id, request_id, question) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING`,
};
/** Last resorts can be given again and need not be remembered; only the number of requests would bound that memory. */
const FORGET_CLAIM = {
  name: 'auth_forget_claim',
  text: 'DELETE FROM auth.key_claims WHERE device_id = $1 AND request_id = $2',
};
const CLOSE_CLAIM = {
  name: 'auth_close_claim',
  text: 'UPDATE auth.key_claims SET bundles = $3 WHERE device_id = $1 AND request_id = $2',
};
/**
 * For each device of $1 that is still active: its oldest package, deleted and remembered as used, if the device is in
 * $2, else its last resort. A row that another claim is about to delete is skipped, never waited for.
 */
const HAND_OUT = {
  name: 'auth_hand_out_keys',
  text: `
    WITH picked AS MATERIALIZED (
      SELECT p.device_id, p.ref
      FROM unnest($2::bigint[]) AS wanted (id)
      JOIN auth.devices d ON d.id = wanted.id AND d.revoked_at IS NULL
      CROSS JOIN LATERAL (
        SELECT device_id, ref FROM auth.key_packages
        WHERE device_id = d.id AND suite = $3 AND NOT last_resort AND expires_at > now()
        ORDER BY upload_no LIMIT 1 FOR UPDATE SKIP LOCKED
      ) p
    ), gone AS (
      DELETE FROM auth.key_packages k USING picked
      WHERE k.device_id = picked.device_id AND k.ref = picked.ref
      RETURNING k.*
    ), remembered AS (
      INSERT INTO auth.used_key_packages SELECT device_id, ref, expires_at FROM gone
    )
    SELECT d.id AS device, d.ext_id AS device_id, (g.ref IS NOT NULL) AS once,
           coalesce(g.ref, l.ref) AS ref, coalesce(g.public_key, l.public_key) AS public_key,
           coalesce(g.signature, l.signature) AS signature, coalesce(g.bytes, l.bytes) AS bytes,
           (SELECT count(*) FROM auth.key_packages k
            WHERE k.device_id = d.id AND NOT k.last_resort AND k.expires_at > now())::int
             - (g.ref IS NOT NULL)::int AS count,
           (l.ref IS NOT NULL) AS last_resort
    FROM auth.devices d
    LEFT JOIN gone g ON g.device_id = d.id
    LEFT JOIN auth.key_packages l
      ON l.device_id = d.id AND l.suite = $3 AND l.last_resort AND l.expires_at > now()
    WHERE d.id = ANY ($1) AND d.revoked_at IS NULL
    ORDER BY d.id`,
};

type Row = HandedOut & {
  device_id: string;
  ref: Buffer | null;
  public_key: Buffer;
  signature: Buffer;
  bytes: Buffer;
};

export function createClaimStore(pool: Pool, suite: number): ClaimStore {
  async function findClaim(
    client: Pick<ClientBase, 'query'>,
    { device, requestId, question }: Claim,
  ): Promise<ClaimOutcome | undefined> {
    const result = await client.query<{ question: string; bundles: KeyBundle[] }>({
      ...FIND_CLAIM,
      values: [device, requestId],
    });
    const [found] = result.rows;
    if (!found) return undefined;
    if (found.question !== question) return { outcome: 'id_reused' };
    return { outcome: 'repeated', bundles: found.bundles };
  }

  return {
    async findTarget(userId, deviceId) {
      const result = await pool.query<ClaimTarget>({ ...FIND_TARGET, values: [userId, deviceId] });
      return result.rows[0];
    },

    findClaim: (claim) => findClaim(pool, claim),

    handOut: (claim, devices, once) =>
      withTransaction(pool, async (client) => {
        const { device, requestId, question } = claim;
        const opened = await client.query({ ...OPEN_CLAIM, values: [device, requestId, question] });
        if (opened.rowCount === 0) return (await findClaim(client, claim)) ?? { outcome: 'id_reused' };
        const { rows } = await client.query<Row>({ ...HAND_OUT, values: [devices, once, suite] });
        const found = rows.filter(({ ref }) => ref !== null);
        const bundles = found.map(bundleOf);
        if (found.some((each) => each.once))
          await client.query({ ...CLOSE_CLAIM, values: [device, requestId, JSON.stringify(bundles)] });
        else await client.query({ ...FORGET_CLAIM, values: [device, requestId] });
        return { outcome: 'handed_out', bundles, handedOut: found };
      }),
  };
}

function bundleOf({ device_id, ref, public_key, signature, bytes, once }: Row): KeyBundle {
  return {
    device_id,
    key_id: (ref ?? Buffer.alloc(0)).toString('base64url'),
    public_key: public_key.toString('base64'),
    signature: signature.toString('base64'),
    key_package: bytes.toString('base64'),
    last_resort: !once,
  };
}
