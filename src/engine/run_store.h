/*
 * run_store: the record of a run in the database, and when the next run is due: the questions and
 * how to read their answers. Each *_send() sends one query (query.h) whose reply goes to fn; each
 * *_read() takes what it needs from a reply that is PG_DONE.
 */
#ifndef PGPURGED_ENGINE_RUN_STORE_H
#define PGPURGED_ENGINE_RUN_STORE_H

#include "base/clock.h"
#include "model/codes.h"
#include "model/job_spec.h"
#include "model/rejected.h"
#include "net/pg_conn.h"
#include "policy/window.h"
#include "sql/target_statements.h"

/* A run as it stands in pgpurged.runs. */
struct run {
    int64_t id;
    char cutoff[48];      /* as PostgreSQL reads it back under any DateStyle */
    char policy[65];      /* pgpurged.policies.hash */
    bool resumed;         /* it was cut off before and goes on */
    uint32_t next_block;  /* of at_partition, or of the table */
    int64_t at_partition; /* OID; 0 = none yet, or the table has no partitions */
    int64_t last_batch;   /* highest number in the audit table; ours go on from there */
    int passes;
    int64_t rows, batches; /* in the audit table so far */
    struct wall cutoff_at; /* the same as cutoff */
};

/* What a run has come to so far, for save and close. */
struct run_progress {
    int64_t skipped, rejected;
    const char *rejected_by; /* as json_write_rejected() has it */
    int passes;
    uint32_t next_block;
    int64_t at_partition; /* OID of the partition that it is about; 0 = the table has none */
    const char *scan;     /* how the rows are found, and why so */
    double row_bytes;     /* what a row of the table takes on disk; NAN = not known */
};

void run_open_send(struct pg *pg, const struct job_settings *job, int64_t relation,
                   const struct sql_statements *sql, const char *owner, pg_result_fn *fn,
                   void *arg);
void run_open_read(const struct pg_result *reply, struct run *run);

void run_save_send(struct pg *pg, int64_t run, const struct run_progress *progress,
                   pg_result_fn *fn, void *arg);

/* `detail` may be NULL. */
void run_close_send(struct pg *pg, int64_t run, enum run_outcome outcome,
                    const struct run_progress *progress, const char *detail, pg_result_fn *fn,
                    void *arg);
/* What the audit table says: the rows and batches of the whole run; and the space that they took,
 * NAN = not known. */
void run_close_read(const struct pg_result *reply, int64_t *rows, int64_t *batches,
                    double *reusable_bytes);

/* Promise A: whether a batch whose COMMIT was not answered has happened. Fails with PU002 while the
 * lost session may still be at work. */
void run_find_batch_send(struct pg *pg, const char *job, int64_t run, int64_t batch,
                         pg_result_fn *fn, void *arg);
int64_t run_find_batch_read(const struct pg_result *reply); /* its rows; 0 = it was not committed */

/* At the beginning and the end of a pass over the partition. */
struct run_pass {
    uint32_t blocks; /* of the partition now */
    uint64_t xmin,
        xmax; /* of a snapshot: equal if no other transaction that writes is in progress */
};

void run_pass_send(struct pg *pg, int64_t relation, pg_result_fn *fn, void *arg);
void run_pass_read(const struct pg_result *reply, struct run_pass *pass);

/* A run that is over. */
struct ended_run {
    bool present;
    int64_t id;
    struct wall started, ended;
    enum run_outcome outcome;
    int64_t rows, batches, skipped, rejected;
    struct rejected_list rejected_by;
    double reusable_bytes; /* NAN = not known */
    struct wall vacuumed;  /* {0} = not by us */
    char detail[512];      /* the error, or what is left and why; cut at this length */
};

/* What decides when the next run starts, and what the last ones came to. */
struct run_schedule {
    struct local_time local; /* in the window's zone */
    bool ever_ran, run_open;
    double since_start_s;
    struct wall clock; /* the database's */
    bool ever_done;
    struct wall last_done;
    struct ended_run last;
};

void run_schedule_send(struct pg *pg, const struct job_settings *job, pg_result_fn *fn, void *arg);
/* In the place of what was read before; zeroed at first. */
void run_schedule_read(const struct pg_result *reply, struct run_schedule *schedule);
void run_schedule_free(struct run_schedule *schedule); /* what is in it; a zeroed one is fine */

/* A local time of the window's zone as an instant; the days on which clocks change are the
 * database's business. */
void run_instant_send(struct pg *pg, const struct job_settings *job, struct local_time local,
                      pg_result_fn *fn, void *arg);
void run_instant_read(const struct pg_result *reply, struct wall *instant, double *from_now_s);

#endif
