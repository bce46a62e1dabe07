#include "pgpurged/configuration.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config/conninfo.h"
#include "config/overlap.h"
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

/* What is allowed, and perhaps not meant. */
static void warn(const struct settings *settings)
{
    struct text sentence = {0};

    if (settings->file_warning != NULL)
        log_warning("%s", settings->file_warning);
    for (size_t i = 0; i < settings->job_count; i++)
        for (size_t j = i + 1; j < settings->job_count; j++) {
            if (overlap_of(settings, &settings->jobs[i], &settings->jobs[j], &sentence))
                log_warning("%s:%d: %s", settings->path, settings->jobs[j].line, sentence.data);
            text_free(&sentence);
        }
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
    warn(settings);
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
