/*
 * client: one question to the daemon over its Unix socket, and the answer. Blocks, but never longer
 * than the timeout, and takes no more than CLIENT_MAX_BYTES: whoever sits at the other end can't
 * keep a monitoring check hanging or fill its memory.
 */
#ifndef PGPURGED_PGPURGECTL_CLIENT_H
#define PGPURGED_PGPURGECTL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum { CLIENT_MAX_BYTES = 64 * 1024 * 1024 };

struct client_answer {
    int status;       /* 200, 404, ... */
    struct text body; /* freed by the caller; data may be NULL */
};

/* False with err set if there is no whole answer: no daemon, no permission, too slow, not HTTP. */
bool client_ask(const char *socket_path, const char *method, const char *path, int64_t timeout_ms,
                struct client_answer *answer, struct err *err);

/* "/v1/jobs/" + the name, percent-encoded, + suffix. The caller frees it. */
char *client_job_path(const char *job, const char *suffix);

#endif
