namespace PgListener.Bench;

/// <summary>The hand-written queue's statements.</summary>
internal static class SkipLockedSql
{
    public const string Create = "CREATE TABLE queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload text NOT NULL)";

    public const string Insert = "INSERT INTO queue (payload) VALUES ($1)";

    public const string Listen = "LISTEN queue";

    public const string Notify = "NOTIFY queue";

    public const string Read = "SELECT id, payload FROM queue WHERE id > $1 ORDER BY id LIMIT $2";

    public const string Take = "DELETE FROM queue WHERE id IN (SELECT id FROM queue ORDER BY id FOR UPDATE SKIP LOCKED LIMIT $1) RETURNING payload";
}
