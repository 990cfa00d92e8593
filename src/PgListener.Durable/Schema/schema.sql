-- The schema of PgListener's durable channels, version 1. It can be run again: what exists is left as it is.
-- Run it in one transaction, as a role that may create a schema: psql --single-transaction -v ON_ERROR_STOP=1 -f schema.sql

DO
$$
DECLARE
    present integer := substring(obj_description(to_regnamespace('pglistener'), 'pg_namespace') FROM '^PgListener durable channels, version (\d+)$');
BEGIN
    IF present > 1 THEN
        RAISE EXCEPTION 'The schema pglistener has version %, and this script would return it to version 1.', present
            USING HINT = 'Run the script of the newest version of the package PgListener.Durable that the applications of this database use.';
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS pglistener;

-- A cache of 1: a number is drawn when its row is written, and not earlier.
CREATE SEQUENCE IF NOT EXISTS pglistener.message_id CACHE 1;

-- The log. No constraint is checked that each insert would have to read and prepare again, which would more than double its time.
-- A row is never updated, and never deleted on its own where the log is partitioned.
-- The order of the first two columns matters: defaults are evaluated in the order of the columns, and a row's transaction must have its number
-- before the row is given its id. So rows of transactions that begin after a snapshot have higher ids than all rows that are visible in it.
CREATE TABLE IF NOT EXISTS pglistener.message
(
    tx      xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id      bigint      NOT NULL DEFAULT nextval('pglistener.message_id'),
    -- Names are compared by their bytes, so an update of the operating system's locales cannot break an index.
    channel text        NOT NULL COLLATE "C",
    key     text        COLLATE "C",
    -- The bucket of the key, from 0 to 255. A subscription with n shards has it in shard bucket % n.
    bucket  smallint    NOT NULL,
    payload bytea       NOT NULL,
    headers jsonb,
    -- When the row is written, not when its transaction began: a transaction that was begun long ago must not write into an old partition.
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
) PARTITION BY RANGE (at);
CREATE INDEX IF NOT EXISTS message_by_id ON pglistener.message (channel, id);
CREATE INDEX IF NOT EXISTS message_by_tx ON pglistener.message (channel, tx, id);

-- For days for which nobody has made a partition ahead. So publishing never fails because of that.
CREATE TABLE IF NOT EXISTS pglistener.message_default PARTITION OF pglistener.message DEFAULT;

-- The clusters that the log has lived in. In another one, the numbers of transactions mean something else: rows up to base are of earlier clusters.
CREATE TABLE IF NOT EXISTS pglistener.cluster
(
    n      integer     PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system bigint      NOT NULL,
    base   bigint      NOT NULL,
    at     timestamptz NOT NULL DEFAULT now()
);

-- One row, which a crash of the server removes, because the table is not logged. A crash forgets the transactions that were not on the disk yet, and their numbers are given
-- again. So a snapshot from before it may tell of a new transaction that it was visible, and must not become a position: a move needs the row that was there when the position was taken.
CREATE UNLOGGED TABLE IF NOT EXISTS pglistener.server_run
(
    is_current boolean PRIMARY KEY DEFAULT true CHECK (is_current),
    id         uuid    NOT NULL DEFAULT gen_random_uuid()
);

-- What was removed from the log last, for each channel, so that a stream which comes back can tell whether it was overtaken.
CREATE TABLE IF NOT EXISTS pglistener.removal
(
    channel    text   PRIMARY KEY COLLATE "C",
    -- The cluster whose transactions are meant.
    system     bigint NOT NULL,
    -- The highest transaction of which a message was removed.
    tx         xid8   NOT NULL,
    -- The transaction that removed messages last.
    removed_by xid8   NOT NULL
);

CREATE TABLE IF NOT EXISTS pglistener.subscription
(
    id         integer     PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    channel    text        NOT NULL COLLATE "C",
    name       text        NOT NULL COLLATE "C",
    -- The instance of the application whose own subscription this is; empty for one that all instances share.
    instance   text        NOT NULL DEFAULT '' COLLATE "C",
    shards     smallint    NOT NULL CHECK (shards BETWEEN 1 AND 256),
    paused_at  timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (channel, name, instance)
);

-- How far each shard of a subscription is. The row with the highest n is in force. A row is never updated: inserting n + 1 moves the position,
-- and fails for a holder that no longer is one.
CREATE TABLE IF NOT EXISTS pglistener.position
(
    subscription integer     NOT NULL,
    shard        smallint    NOT NULL,
    n            bigint      NOT NULL,
    -- The cluster whose transactions seen and upto speak of.
    system       bigint      NOT NULL,
    -- All that is visible in it has been handled, and has an id up to floor.
    seen         pg_snapshot NOT NULL,
    floor        bigint      NOT NULL,
    -- The end of the window that is being walked, in the order of ids, and how far; NULL and 0 between two windows.
    upto         pg_snapshot,
    last_id      bigint      NOT NULL DEFAULT 0,
    -- The ids of messages that follow, and have been handled already.
    done         bigint[]    NOT NULL DEFAULT '{}',
    -- Where the position was in an earlier cluster, until all that was left there has been handled.
    restored     jsonb,
    holder       text        NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subscription, shard, n)
);

-- Copies of the messages that have failed, and of those that wait behind one with the same key.
CREATE TABLE IF NOT EXISTS pglistener.retry
(
    subscription integer     NOT NULL,
    message      bigint      NOT NULL,
    -- The order in which they stepped aside, which is that of the channel.
    seq          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    -- As in the log.
    bucket       smallint    NOT NULL,
    key          text        COLLATE "C",
    payload      bytea       NOT NULL,
    headers      jsonb,
    published_at timestamptz NOT NULL,
    -- How many attempts have failed.
    attempts     integer     NOT NULL,
    -- 'infinity' while it waits behind another one.
    next_at      timestamptz NOT NULL,
    error_type   text,
    error        text,
    failed_at    timestamptz,
    -- Set when no further attempt is made by itself: a dead letter.
    dead_at      timestamptz,
    PRIMARY KEY (subscription, message)
);
CREATE INDEX IF NOT EXISTS retry_due ON pglistener.retry (subscription, next_at) WHERE dead_at IS NULL;
CREATE INDEX IF NOT EXISTS retry_by_key ON pglistener.retry (subscription, key, seq);

-- Messages that the log has dropped before a subscription had got to them, until its handler has been told.
CREATE TABLE IF NOT EXISTS pglistener.loss
(
    subscription integer     NOT NULL,
    shard        smallint    NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    messages     bigint      NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);

-- Publishes a message as part of the transaction, from SQL and from triggers, and returns its id.
-- In PL/pgSQL, because a session keeps its plans; a function in SQL is planned again by each statement, which takes longer than the insert.
-- A transaction that notifies keeps all others that do from committing at the same time. So of those that publish on a channel at about the same time, one does:
-- the one that gets the lock of these 10 milliseconds. The readers look again shortly after each notification, and at least every second without one.
-- The setting, which lasts as long as the transaction, names the channels that it has tried this for, so that a long one takes one lock for each and not hundreds.
CREATE OR REPLACE FUNCTION pglistener.publish(channel text, payload text, key text DEFAULT NULL, headers jsonb DEFAULT NULL, wake boolean DEFAULT true) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog
AS
$$
DECLARE
    published bigint;
    tried     text := COALESCE(current_setting('pglistener.tried', true), '');
    mark      text := chr(10) || $1 || chr(10);
BEGIN
    IF octet_length($1) NOT BETWEEN 1 AND 63 THEN
        RAISE EXCEPTION 'The name of the channel has % bytes, and must have 1 to 63.', octet_length($1) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF octet_length($3) > 255 THEN
        RAISE EXCEPTION 'The key of the message has % bytes, and must have at most 255.', octet_length($3) USING ERRCODE = 'invalid_parameter_value';
    END IF;

    INSERT INTO pglistener.message (channel, key, bucket, payload, headers)
    VALUES ($1, $3, COALESCE(get_byte(sha256(convert_to($3, 'UTF8')), 0), floor(random() * 256)::int), convert_to($2, 'UTF8'), $4)
    RETURNING id INTO published;

    IF wake AND strpos(tried, mark) = 0 THEN
        PERFORM set_config('pglistener.tried', tried || mark, true);
        IF pg_try_advisory_xact_lock(5793684108030771200 | ((hashtext($1) & 65535)::bigint << 24) | ((extract(epoch FROM clock_timestamp()) * 100)::bigint & 16777215)) THEN
            PERFORM pg_notify($1, '');
        END IF;
    END IF;
    RETURN published;
END
$$;

COMMENT ON SCHEMA pglistener IS 'PgListener durable channels, version 1';
