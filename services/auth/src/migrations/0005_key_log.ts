import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Every device list goes into an append-only log (RFC 6962, 2.1). A database trigger does this at the end of the
 * transaction that stores the list: no service of any release can store one without logging it, and none can change
 * what the log has.
 */
export const keyLog: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `CREATE TABLE auth.key_log_entries (
     position        bigint PRIMARY KEY,
     label           bytea NOT NULL CHECK (octet_length(label) = 32),
     list_sha256     bytea NOT NULL CHECK (octet_length(list_sha256) = 32),
     previous_sha256 bytea NOT NULL CHECK (octet_length(previous_sha256) = 32)
   )`,
  // a list may recur when its user is erased and created anew: the newest counts
  'CREATE INDEX key_log_entries_by_list ON auth.key_log_entries (label, list_sha256, position)',

  // hashes of complete subtrees: 2^level entries from position * 2^level on
  `CREATE TABLE auth.key_log_nodes (
     level    smallint NOT NULL,
     position bigint NOT NULL,
     hash     bytea NOT NULL,
     PRIMARY KEY (level, position)
   )`,

  // a single row, locked by every append
  `CREATE TABLE auth.key_log_head (
     is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
     size    bigint NOT NULL,
     root    bytea NOT NULL
   )`,
  // RFC 6962: the root of nothing is the hash of nothing
  `INSERT INTO auth.key_log_head (size, root) VALUES (0, sha256(''))`,

  `CREATE FUNCTION auth.key_log_append(name text, list_hash bytea, previous_hash bytea) RETURNS void
   LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
   DECLARE
     owner bytea := sha256(convert_to(E'SecureChat/1 key-log-label\\n' || name, 'UTF8'));
     place bigint;
     height int := 0;
     total bigint;
     node bytea;
     left_hash bytea;
     top bytea;
   BEGIN
     SELECT size INTO STRICT place FROM auth.key_log_head FOR UPDATE;
     total := place + 1;
     INSERT INTO auth.key_log_entries VALUES (place, owner, list_hash, previous_hash);
     node := sha256('\\x00'::bytea || owner || list_hash || previous_hash);
     LOOP
       INSERT INTO auth.key_log_nodes VALUES (height, place, node);
       EXIT WHEN place % 2 = 0;
       SELECT hash INTO STRICT left_hash FROM auth.key_log_nodes WHERE level = height AND position = place - 1;
       node := sha256('\\x01'::bytea || left_hash || node);
       place := place / 2;
       height := height + 1;
     END LOOP;
     -- from the right: the last complete subtree, and whatever stands left of what there is so far
     FOR bit IN 0..62 LOOP
       CONTINUE WHEN (total >> bit) % 2 = 0;
       SELECT hash INTO STRICT left_hash FROM auth.key_log_nodes WHERE level = bit AND position = (total >> bit) - 1;
       top := CASE WHEN top IS NULL THEN left_hash ELSE sha256('\\x01'::bytea || left_hash || top) END;
     END LOOP;
     UPDATE auth.key_log_head SET size = total, root = top;
   END $$`,

  `CREATE FUNCTION auth.key_log_take() RETURNS trigger
   LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
   DECLARE
     previous text := NEW.list ->> 'previous_sha256';
   BEGIN
     PERFORM auth.key_log_append(
       (SELECT ext_id FROM auth.users WHERE id = NEW.user_id),
       NEW.sha256,
       CASE WHEN previous IS NULL THEN decode(repeat('00', 32), 'hex') ELSE decode(previous, 'base64') END
     );
     RETURN NULL;
   END $$`,
  'REVOKE ALL ON FUNCTION auth.key_log_append, auth.key_log_take FROM PUBLIC',

  // deferred: the lock on the head is held while the transaction commits, and no longer
  `CREATE CONSTRAINT TRIGGER key_log_take AFTER INSERT ON auth.device_lists
   DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION auth.key_log_take()`,

  // the existing lists; creating the trigger has locked the table against further ones
  `DO $$
   DECLARE
     each record;
   BEGIN
     FOR each IN
       SELECT u.ext_id, l.sha256, l.list ->> 'previous_sha256' AS previous
       FROM auth.device_lists l JOIN auth.users u ON u.id = l.user_id
       ORDER BY l.created_at, l.user_id, l.version
     LOOP
       PERFORM auth.key_log_append(each.ext_id, each.sha256,
         CASE WHEN each.previous IS NULL THEN decode(repeat('00', 32), 'hex') ELSE decode(each.previous, 'base64') END);
     END LOOP;
   END $$`,

  'GRANT SELECT ON auth.key_log_entries, auth.key_log_nodes, auth.key_log_head TO securechat_auth',
];
