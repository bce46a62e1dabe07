# shellcheck shell=sh disable=SC2154 # variables of bench/run and lib.sh
# The data sets: a database each, made when it is first asked for. What is measured is a copy of it, which
# comes with its visibility map, its statistics and a checkpoint, and takes a fifth of the time that filling
# the table would take. All have the table `rows` and the column `deleted_at`; due is what was marked more
# than 30 days ago. Sourced by bench/run.

# restore DATA: database bench anew, as a copy of that data set, with nothing left to do for the server that
# would fall into the measurement.
restore() {
    [ "$(ask_server "SELECT count(*) FROM pg_database WHERE datname = 'data_$1'")" -eq 1 ] || make_data "$1"
    server_sql -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS bench' \
        -c "CREATE DATABASE bench TEMPLATE data_$1 $copy_strategy"
    [ "$fsync" = off ] || sync # what the kernel has yet to write would go to the account of whoever comes next
    due=$(cat "$work/due.$1")
}

make_data() {
    server_sql -c "CREATE DATABASE data_$1"
    (
        export PGDATABASE="data_$1"
        sql -f "$work/init.sql" >/dev/null
        "data_$1" >/dev/null
        sql -c 'GRANT SELECT, DELETE, UPDATE (deleted_at) ON ALL TABLES IN SCHEMA public TO pgpurged' \
            -c 'CREATE TABLE others_audit (at timestamptz DEFAULT clock_timestamp(), rows bigint)' \
            -c 'VACUUM (FREEZE, ANALYZE)'
        due_rows >"$work/due.$1"
    )
}

# Only `dense` is for several benchmarks; the others would fill the disk.
forget_data() {
    for name in $(ask_server "SELECT datname FROM pg_database WHERE datname LIKE 'data\\_%' AND datname <> 'data_dense'"); do
        server_sql -c "DROP DATABASE $name"
    done
}

# fill ROWS DUE [CLAUSES]: the table `rows`, ~200 bytes a row, DUE of them due at random places. Some are marked
# recently and most are live, as in an application.
fill() {
    sql <<SQL
SET maintenance_work_mem = '256MB';
SELECT setseed(0.5);
CREATE TABLE rows AS
SELECT n AS id, (random() * 90000)::integer AS customer_id,
       md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text) AS body,
       0 AS touched, now() - n * interval '1 second' AS created_at,
       CASE WHEN dice < $2.0 / $1 THEN now() - interval '31 days' - random() * interval '300 days'
            WHEN dice < $2.0 / $1 + 0.05 THEN now() - random() * interval '29 days' END AS deleted_at
FROM generate_series(1, $1::bigint) AS n, LATERAL (SELECT random() + n * 0 AS dice) AS dice;
ALTER TABLE rows ADD PRIMARY KEY (id);
SQL
}

add_index() { # COLUMN
    sql -c "SET maintenance_work_mem = '256MB'" -c "CREATE INDEX ON rows ($1)"
}

data_dense() {
    fill "$(scaled 3000000)" "$(scaled 800000)"
    add_index deleted_at
}

data_sparse() {
    fill "$(scaled 3000000)" "$(scaled 30000)"
    add_index deleted_at
}

# What a day leaves behind in a big table: 10,000 rows are due, the next days' marks are there already.
data_tiny() {
    sql <<SQL
SET maintenance_work_mem = '512MB';
SELECT setseed(0.5);
CREATE TABLE rows AS
SELECT n::integer AS id,
       CASE WHEN dice < 0.0005 THEN now() - interval '31 days' - random() * interval '1 day'
            WHEN dice < 0.02 THEN now() - random() * interval '29 days' END AS deleted_at
FROM generate_series(1, $(scaled 20000000)) AS n, LATERAL (SELECT random() + n * 0 AS dice) AS dice;
CREATE INDEX ON rows (deleted_at);
SQL
}

# Marked in the order in which they were written, as sessions or events are: the due rows lie together.
data_clustered() {
    rows=$(scaled 3000000)
    sql <<SQL
SET maintenance_work_mem = '256MB';
CREATE TABLE rows AS
SELECT n AS id, n % 90000 AS customer_id,
       md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text) AS body,
       0 AS touched, now() - interval '110 days' + n * (interval '109 days' / $rows) AS deleted_at
FROM generate_series(1, $rows::bigint) AS n
WHERE 110 - n * 109.0 / $rows NOT BETWEEN 29 AND 30; -- nothing gets due while we measure
ALTER TABLE rows ADD PRIMARY KEY (id);
CREATE INDEX ON rows (deleted_at);
SQL
}

# 10 kB of random bytes in each row, which nothing can compress: cut out of a larger piece at any place.
data_wide() {
    sql <<SQL
SELECT setseed(0.5);
CREATE TEMPORARY TABLE noise (bytes bytea);
ALTER TABLE noise ALTER bytes SET STORAGE EXTERNAL; -- a slice of it is cheap to read
INSERT INTO noise SELECT string_agg(sha512(random()::text::bytea), '') FROM generate_series(1, 8192);
CREATE TABLE rows AS
SELECT n AS id, substr(bytes, 1 + (random() * 500000)::integer, 10000) AS body,
       CASE WHEN dice < 0.27 THEN now() - interval '31 days' - random() * interval '300 days' END AS deleted_at
FROM generate_series(1, $(scaled 60000)) AS n, LATERAL (SELECT random() + n * 0 AS dice) AS dice, noise;
ALTER TABLE rows ADD PRIMARY KEY (id);
SQL
}

data_indexes() {
    fill "$(scaled 1500000)" "$(scaled 400000)"
    for column in customer_id body touched created_at deleted_at; do add_index "$column"; done
}

# Not even a primary key.
data_bare() {
    fill "$(scaled 3000000)" "$(scaled 800000)"
    sql -c 'ALTER TABLE rows DROP CONSTRAINT rows_pkey'
}

data_most() {
    fill "$(scaled 4000000)" "$(scaled 2400000)"
    add_index deleted_at
}

data_small() {
    fill "$(scaled 1000000)" "$(scaled 270000)"
}

data_large() {
    fill "$(scaled 16000000)" "$(scaled 4320000)"
}

# Twelve partitions by the time of the mark, nine of them due as a whole. No row becomes due while we measure.
data_months() {
    rows=$(scaled 3000000)
    sql <<SQL
CREATE TABLE rows (id bigint, body text, deleted_at timestamptz) PARTITION BY RANGE (deleted_at);
SELECT format('CREATE TABLE rows_%s PARTITION OF rows FOR VALUES FROM (%L) TO (%L)', m,
              now() - (13 - m) * interval '10 days', now() - (12 - m) * interval '10 days')
FROM generate_series(1, 12) AS m \gexec
INSERT INTO rows
SELECT n, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) || md5((n + 3)::text),
       now() - interval '120 days' + n * (interval '119 days' / $rows)
FROM generate_series(1, $rows::bigint) AS n WHERE 120 - n * 119.0 / $rows NOT BETWEEN 29 AND 30;
SQL
    # Who drops partitions has to own them.
    for table in rows $(seq -f 'rows_%g' 12); do sql -c "ALTER TABLE $table OWNER TO pgpurged"; done
}
