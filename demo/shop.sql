-- A small web shop, as its ORM left it: 300,000 rows in three tables, with marks of three kinds. One of
-- the tables is partitioned.
--
--   orders.deleted_at       timestamptz, NULL = live                        kept for 30 days
--   comments."deletedAt"    timestamp without a zone, written in Berlin     kept for 90 days
--   sessions.expires_at     when the session ends; infinity = never         gone when it is over
--
-- No mark lies within an hour of its cutoff, so that before, during and after mean the same rows.
SELECT setseed(0.42);

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL,
    status text NOT NULL,
    total numeric(10, 2) NOT NULL,
    ship_to text NOT NULL,
    created_at timestamptz NOT NULL,
    deleted_at timestamptz
);

INSERT INTO orders (customer_id, status, total, ship_to, created_at, deleted_at)
SELECT 1 + floor(random() * 9000),
       (ARRAY['paid', 'shipped', 'delivered', 'returned'])[1 + floor(random() * 4)],
       round((5 + random() * 400)::numeric, 2),
       format('%s Market Street, %s Springfield, left of the fountain', n % 400, 10000 + n % 90000),
       now() - interval '1000 days' + n * interval '10 minutes',
       CASE WHEN kind < 0.35 THEN now() - interval '31 days' - random() * interval '500 days'
            WHEN kind < 0.42 THEN now() - random() * interval '29 days' END
FROM generate_series(1, 100000) AS n, LATERAL (SELECT random() + n * 0 AS kind) AS dice;

CREATE TABLE comments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL,
    body text NOT NULL,
    "deletedAt" timestamp
);

INSERT INTO comments (order_id, body, "deletedAt")
SELECT 1 + floor(random() * 100000),
       repeat('It arrived on a Tuesday and fits. ', 1 + (random() * 4)::integer),
       CASE WHEN kind < 0.25 THEN berlin - interval '91 days' - random() * interval '700 days'
            WHEN kind < 0.33 THEN berlin - random() * interval '89 days' END
FROM generate_series(1, 80000) AS n,
     LATERAL (SELECT random() + n * 0 AS kind, now() AT TIME ZONE 'Europe/Berlin' AS berlin) AS dice;

CREATE TABLE sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    customer_id integer NOT NULL,
    basket jsonb NOT NULL,
    expires_at timestamptz NOT NULL
) PARTITION BY HASH (id);
CREATE TABLE sessions_0 PARTITION OF sessions FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE sessions_1 PARTITION OF sessions FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE sessions_2 PARTITION OF sessions FOR VALUES WITH (MODULUS 3, REMAINDER 2);

INSERT INTO sessions (customer_id, basket, expires_at)
SELECT 1 + floor(random() * 9000),
       jsonb_build_object('items', floor(random() * 8), 'coupon', md5(n::text)),
       CASE WHEN kind < 0.50 THEN now() - interval '1 hour' - random() * interval '300 days'
            WHEN kind < 0.97 THEN now() + interval '1 hour' + random() * interval '14 days'
            ELSE 'infinity' END
FROM generate_series(1, 120000) AS n, LATERAL (SELECT random() + n * 0 AS kind) AS dice;
