#include "config/options.h"
#include "config/record.h"
#include "config/settings.h"

static bool is_printed_alike(const struct config_option *option, const struct settings *a,
                             const struct settings *b)
{
    struct text first = {0}, second = {0};
    bool alike;

    option->type->print(option, a, &first);
    option->type->print(option, b, &second);
    alike =
        first.length == second.length && (first.length == 0 || text_equal(first.data, second.data));
    text_free(&first);
    text_free(&second);
    return alike;
}

void settings_need_restart(const struct settings *old, const struct settings *fresh,
                           struct text *names)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];

        if (option->section == SECTION_PGPURGED && option->needs_restart &&
            !is_printed_alike(option, old, fresh))
            text_addf(names, "%s%s", names->length > 0 ? ", " : "", option->name);
    }
}

void settings_print(const struct settings *settings, struct text *out)
{
    text_add(out, "[pgpurged]\n");
    record_print(SECTION_PGPURGED, settings, out);
    for (size_t i = 0; i < settings->database_count; i++) {
        text_addf(out, "\n[database %s]\n", settings->databases[i].name);
        record_print(SECTION_DATABASE, &settings->databases[i], out);
    }
    for (size_t i = 0; i < settings->job_count; i++) {
        text_addf(out, "\n[job %s]\n", settings->jobs[i].name);
        record_print(SECTION_JOB, &settings->jobs[i], out);
    }
}
