import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const roles: Migration = grantRoles({ auth: 'securechat_auth', delivery: 'securechat_delivery' });

/**
 * What the services may do. Roles are cluster-wide, so another database or another service's migrations may have
 * created them, even concurrently; if an operator has, the right to create roles is not needed. They may log in, but
 * have no password.
 */
export function grantRoles(names: { auth: string; delivery: string }): Migration {
  const [auth, delivery] = [sql.id(names.auth), sql.id(names.delivery)];
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const role of [names.auth, names.delivery]) await createRole(db, role);

      await sql`GRANT USAGE ON SCHEMA auth TO ${auth}, ${delivery}`.execute(db);
      await sql`
        GRANT SELECT, INSERT, UPDATE ON auth.users, auth.devices, auth.device_lists TO ${auth}`.execute(db);

      // lets the service check at start that no migration is missing
      await sql`GRANT USAGE ON SCHEMA securechat_migrations TO ${auth}`.execute(db);
      await sql`GRANT SELECT ON securechat_migrations.auth TO ${auth}`.execute(db);

      // delivery must know who exists and what is revoked; no keys
      await sql`GRANT SELECT (id, ext_id, state) ON auth.users TO ${delivery}`.execute(db);
      await sql`GRANT SELECT (id, user_id, ext_id, revoked_at) ON auth.devices TO ${delivery}`.execute(db);
    },
  };
}

async function createRole(db: Kysely<unknown>, role: string): Promise<void> {
  await sql`
    DO $$
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${sql.lit(role)}) THEN
        CREATE ROLE ${sql.id(role)} LOGIN;
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN NULL;
    END
    $$`.execute(db);
}
