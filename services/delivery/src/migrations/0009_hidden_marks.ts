import { type Kysely, sql } from 'kysely';

/**
 * How far somebody had come when they blocked somebody else: what the other one is told from then on. Of blocks that are
 * there already only marks that have not moved since can be known.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
      CREATE TABLE delivery.hidden_marks (
        user_id bigint NOT NULL,
        blocked_name text COLLATE "C" NOT NULL,
        conv_id bigint NOT NULL REFERENCES delivery.conversations,
        delivered_seq bigint NOT NULL,
        read_seq bigint NOT NULL,
        marked_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, blocked_name, conv_id)
      );
      INSERT INTO delivery.hidden_marks
        SELECT b.user_id, b.blocked_name, m.conv_id, m.delivered_seq, m.read_seq, m.marked_at
          FROM delivery.blocks b
          JOIN delivery.conv_members m ON m.user_id = b.user_id AND m.left_seq IS NULL AND m.marked_at <= b.blocked_at
          JOIN delivery.conv_members o ON o.conv_id = m.conv_id AND o.user_name = b.blocked_name AND o.left_seq IS NULL;
      GRANT SELECT, INSERT, DELETE ON delivery.hidden_marks TO securechat_delivery;
    `)
    .execute(db);
}
