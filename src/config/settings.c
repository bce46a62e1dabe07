#include "config/settings.h"

#include <stdlib.h>

#include "config/document.h"
#include "config/duration.h"
#include "config/file.h"
#include "config/options.h"
#include "config/record.h"
#include "config/section.h"
#include "config/suggest.h"

/* The document while it becomes settings. */
struct building {
    const char *path;
    const struct document *document;
    const struct document_section *defaults; /* NULL if the file has none */
    struct settings *settings;
};

static struct record_source source_of(const struct building *building,
                                      const struct document_section *section,
                                      enum section_kind kind)
{
    return (struct record_source){
        .path = building->path,
        .kind = kind,
        .section = section,
        .defaults = kind == SECTION_JOB ? building->defaults : NULL,
    };
}

/* ---- checks that need more than one option ---- */

/* Points at the line where the job's option was set. */
static bool complain(const struct building *building, const struct document_section *section,
                     const char *option, struct err *err)
{
    struct record_source source = source_of(building, section, SECTION_JOB);

    return err_prefix(err, "%s:%d: %s", building->path, record_line(&source, option), option);
}

static bool check_database(const struct building *building, const struct document_section *section,
                           const struct job_settings *job, struct err *err)
{
    const struct settings *settings = building->settings;
    struct suggest nearest = suggest_start(job->database);

    if (settings_database(settings, job->database) != NULL)
        return true;
    for (size_t i = 0; i < settings->database_count; i++)
        suggest_try(&nearest, settings->databases[i].name);
    if (nearest.name != NULL)
        err_set(err, "there is no [database %s]; did you mean %s?", job->database, nearest.name);
    else
        err_set(err, "there is no [database %s]; add that section with its conninfo",
                job->database);
    return complain(building, section, "database", err);
}

/* Promise R: a slip of the unit must not shorten a grace period to nothing. */
static bool check_retention(const struct building *building, const struct document_section *section,
                            const struct job_settings *job, struct err *err)
{
    struct text floor = {0}, shorter = {0};

    if (job->expires.kind != EXPIRES_AFTER_MARK ||
        job->expires.retention_least_ms >= building->settings->min_retention_ms)
        return true;
    duration_print_ms(building->settings->min_retention_ms, &floor);
    duration_print_ms(job->expires.retention_least_ms, &shorter);
    err_set(err,
            "the retention of \"%s\" is shorter than min_retention, which is %s; if that is meant, "
            "write min_retention = %s in [pgpurged]",
            job->expires.written, floor.data, shorter.data);
    text_free(&floor);
    text_free(&shorter);
    return complain(building, section, "expires", err);
}

static bool has_option(const struct record_source *source, const char *name)
{
    const struct config_option *option = option_find(SECTION_JOB, name);

    return document_entry(source->section, option) != NULL ||
           document_entry(source->defaults, option) != NULL;
}

/* A flag says whether, not since when. */
static bool check_flag_has_time(const struct building *building,
                                const struct document_section *section, struct err *err)
{
    struct record_source source = source_of(building, section, SECTION_JOB);

    if (!has_option(&source, "flag") || has_option(&source, "expires"))
        return true;
    return err_set(
        err,
        "%s:%d: [%s] has a flag, but no column that says since when: without one nothing "
        "can expire; add it to the table (ALTER TABLE ... ADD COLUMN deleted_at "
        "timestamptz), let the application set it together with the flag, and write "
        "expires = deleted_at + 30d",
        building->path, record_line(&source, "flag"), section->header);
}

static bool complain_about_mark(const struct job_settings *job, const struct sentinel *sentinel,
                                struct err *err)
{
    if (job->epoch == EPOCH_NONE)
        return err_set(err,
                       "%s is a number, which only a column of integers holds; set epoch to its "
                       "unit, or write a date",
                       sentinel->text);
    return err_set(err, "%s is no number, and a column of integers (epoch) holds nothing else",
                   sentinel->text);
}

static bool check_live(const struct building *building, const struct document_section *section,
                       const struct job_settings *job, struct err *err)
{
    for (size_t i = 0; i < job->never_expires.count; i++) {
        const struct sentinel *sentinel = &job->never_expires.items[i];

        if (sentinel->kind == SENTINEL_NATURAL ||
            (sentinel->kind == SENTINEL_NUMBER) == (job->epoch != EPOCH_NONE))
            continue;
        complain_about_mark(job, sentinel, err);
        return complain(building, section, "never_expires", err);
    }
    return true;
}

static bool check_epoch(const struct building *building, const struct document_section *section,
                        const struct job_settings *job, struct err *err)
{
    if (job->epoch == EPOCH_NONE || job->column_timezone[0] == '\0')
        return true;
    err_set(err, "an epoch counts from 1970 in UTC and has no other zone; remove column_timezone, "
                 "or set it to nothing in this job");
    return complain(building, section, "column_timezone", err);
}

static bool check_any_job(const struct building *building, struct err *err)
{
    int line = building->document->line_count;

    if (building->settings->job_count > 0)
        return true;
    return err_set(err,
                   "%s:%d: there is no job, so there is nothing to do; a job looks like this: [job "
                   "orders] / database = shop / table = public.orders / expires = deleted_at + 30d",
                   building->path, line > 0 ? line : 1);
}

/* ---- section by section ---- */

static bool build_database(struct building *building, const struct document_section *section,
                           struct err *err)
{
    struct settings *settings = building->settings;
    struct record_source source = source_of(building, section, SECTION_DATABASE);
    struct database_settings *database;

    settings->databases =
        mem_grow(settings->databases, (settings->database_count + 1) * sizeof *settings->databases);
    database = &settings->databases[settings->database_count++];
    *database = (struct database_settings){.name = text_copy(section->name), .line = section->line};
    return record_fill(&source, database, err);
}

static bool build_job(struct building *building, const struct document_section *section,
                      struct err *err)
{
    struct settings *settings = building->settings;
    struct record_source source = source_of(building, section, SECTION_JOB);
    struct job_settings *job;

    settings->jobs = mem_grow(settings->jobs, (settings->job_count + 1) * sizeof *settings->jobs);
    job = &settings->jobs[settings->job_count++];
    *job = (struct job_settings){.name = text_copy(section->name), .line = section->line};
    if (!check_flag_has_time(building, section, err) || !record_fill(&source, job, err))
        return false;
    job->expires.row_least_ms = settings->min_retention_ms;
    return check_database(building, section, job, err) &&
           check_retention(building, section, job, err) &&
           check_epoch(building, section, job, err) && check_live(building, section, job, err);
}

typedef bool build_fn(struct building *building, const struct document_section *section,
                      struct err *err);

static bool build_each(struct building *building, enum section_kind kind, build_fn *build,
                       struct err *err)
{
    for (size_t i = 0; i < building->document->section_count; i++) {
        const struct document_section *section = &building->document->sections[i];

        if (section->kind == kind && !build(building, section, err))
            return false;
    }
    return true;
}

/* A wrong value in [defaults] is wrong even if every job sets that option itself. */
static bool check_defaults(const struct building *building, struct err *err)
{
    struct record_source source = source_of(building, building->defaults, SECTION_DEFAULTS);
    struct job_settings scratch = {0};
    bool fine = record_fill(&source, &scratch, err);

    record_clear(SECTION_JOB, &scratch);
    return fine;
}

static bool build_settings(struct building *building, struct err *err)
{
    const struct document *document = building->document;
    struct record_source daemon =
        source_of(building, document_section(document, SECTION_PGPURGED), SECTION_PGPURGED);

    building->defaults = document_section(document, SECTION_DEFAULTS);
    return record_fill(&daemon, building->settings, err) && check_defaults(building, err) &&
           build_each(building, SECTION_DATABASE, build_database, err) &&
           build_each(building, SECTION_JOB, build_job, err) && check_any_job(building, err);
}

/* ---- the whole ---- */

struct settings *settings_parse(const char *path, const char *bytes, size_t length, struct err *err)
{
    struct settings *settings = mem_new(sizeof *settings);
    struct document document;
    struct building building = {.path = path, .document = &document, .settings = settings};
    bool built;

    settings->path = text_copy(path);
    built = document_read(path, bytes, length, &document, err) && build_settings(&building, err);
    document_free(&document);
    if (built)
        return settings;
    settings_free(settings);
    return NULL;
}

struct settings *settings_load(const char *path, struct err *err)
{
    struct text bytes = {0}, warning = {0};
    struct settings *settings = NULL;

    if (file_read(path, &bytes, err))
        settings = settings_parse(path, bytes.length > 0 ? bytes.data : "", bytes.length, err);
    if (settings != NULL)
        file_warning(path, &warning);
    if (warning.length > 0)
        settings->file_warning = text_take(&warning);
    text_free(&warning);
    text_free(&bytes);
    return settings;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->job_count; i++) {
        record_clear(SECTION_JOB, &settings->jobs[i]);
        free(settings->jobs[i].name);
    }
    for (size_t i = 0; i < settings->database_count; i++) {
        record_clear(SECTION_DATABASE, &settings->databases[i]);
        free(settings->databases[i].name);
    }
    record_clear(SECTION_PGPURGED, settings);
    free(settings->jobs);
    free(settings->databases);
    free(settings->path);
    free(settings->file_warning);
    free(settings);
}

const struct database_settings *settings_database(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->database_count; i++) {
        if (text_equal(settings->databases[i].name, name))
            return &settings->databases[i];
    }
    return NULL;
}

const struct job_settings *settings_job(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->job_count; i++) {
        if (text_equal(settings->jobs[i].name, name))
            return &settings->jobs[i];
    }
    return NULL;
}
