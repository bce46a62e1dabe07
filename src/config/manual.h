/*
 * manual: what people read about the options, from the same table that reads them: the sample
 * configuration and the option list of pgpurged.conf(5). Both are committed, and a test compares
 * them with this, so that nobody needs to run a program of ours while cross-compiling.
 */
#ifndef PGPURGED_CONFIG_MANUAL_H
#define PGPURGED_CONFIG_MANUAL_H

#include "base/text.h"

void manual_sample(struct text *out); /* etc/pgpurged.conf.sample */
void manual_mdoc(struct text *out);   /* doc/options.mdoc */

#endif
