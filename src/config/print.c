#include "config/record.h"
#include "config/settings.h"

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
