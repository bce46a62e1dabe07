#include "pgpurged/configuration.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/conninfo.h"
#include "net/pg_conn.h"
#include "net/sd.h"

/* libpq quotes what it does not understand. */
static void hide_secret(const struct database_settings *database, struct err *err)
{
    char *quote = strchr(err->text, '"');

    if (quote == NULL || !conninfo_has_secret(database->conninfo))
        return;
    snprintf(quote, sizeof err->text - (size_t)(quote - err->text),
             "... (not shown, because a password stands in it)");
}

struct settings *configuration_load(const char *path, struct err *err)
{
    struct settings *settings = settings_load(path, err);

    if (settings == NULL)
        return NULL;
    for (size_t i = 0; i < settings->database_count; i++) {
        const struct database_settings *database = &settings->databases[i];

        if (!pg_conninfo_check(database->conninfo, err)) {
            hide_secret(database, err);
            err_prefix(err, "%s:%d: conninfo of database %s", path, database->line, database->name);
            settings_free(settings);
            return NULL;
        }
    }
    return settings;
}

bool configuration_has_jobs(const struct settings *settings, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (settings_job(settings, names[i]) == NULL) {
            log_error("%s: there is no [job %s]", settings->path, names[i]);
            return false;
        }
    return true;
}

void configuration_apply_log(const struct settings *settings)
{
    log_setup(settings->log_level, notify_stderr_is_journal());
}
