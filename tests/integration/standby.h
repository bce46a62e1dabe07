/*
 * standby: a replica that the test plays itself, so that it lags as the test likes. It takes part
 * in streaming replication as far as the server can see, and reads nothing of what it is sent.
 */
#ifndef PGPURGED_INTEGRATION_STANDBY_H
#define PGPURGED_INTEGRATION_STANDBY_H

#include <libpq-fe.h>
#include <stdint.h>

/* Begins to stream under this application_name; PQfinish() ends it. It has reported nothing yet. */
PGconn *standby_connect(const char *name);

/* Tells the server that everything is written, flushed and replayed up to this position, in bytes
 * from 0/0. */
void standby_report(PGconn *standby, int64_t position);

#endif
