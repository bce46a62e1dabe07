/*
 * json: a snapshot as JSON and back. The daemon writes, the client reads; what each key is called
 * stands in shape.c.
 *
 * Writing is our own, because a tree of a hundred thousand jansson nodes for 1,000 jobs takes
 * several times as long as the text; reading is jansson's.
 */
#ifndef PGPURGED_REPORT_JSON_H
#define PGPURGED_REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "model/plan.h"
#include "model/snapshot.h"

/* {"daemon":{...},"databases":[...],"jobs":[...]} on one line, with a newline at the end. */
void json_write(struct text *out, const struct snapshot *snapshot);

/* The document of json_write(), with one job and its database only (GET /v1/jobs/NAME). */
void json_write_job(struct text *out, const struct snapshot *snapshot, const struct job_view *job);

/* {"jobs":[...]}: the plans of --plan --json; pgpurged(8) says what each key means. */
void json_write_plans(struct text *out, const struct plan *plans, size_t count);

/* {"message":"..."} and {"error":"..."}: the answers to POST, and to what can't be answered. */
void json_write_message(struct text *out, const char *sentence);
void json_write_error(struct text *out, const char *sentence);

/* A string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void json_write_string(struct text *out, const char *string);

/* [{"reason":"foreign_key",...},...], as in the status and in the record of a run. */
void json_write_rejected(struct text *out, const struct rejected_list *list);
/* Reads such an array into an empty list. False if it is none; then the list stays empty. */
bool json_read_rejected(const char *json, struct rejected_list *list);

/* NULL with `err` set if it isn't a snapshot. Keys that are not known are ignored and those that
 * are missing stay unknown, so that client and daemon may differ by a version. */
struct snapshot *json_read(const char *bytes, size_t length, struct err *err);

/* The sentence inside a message or an error; NULL if there is none. The caller frees it. */
char *json_read_sentence(const char *bytes, size_t length);

#endif
