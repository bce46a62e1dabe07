#include "config/manual.h"

#include <stdlib.h>
#include <string.h>

#include "config/options.h"

enum { TEXT_COLUMNS = 78 };

/* What each section is for, and how the sample calls it. */
static const struct chapter {
    enum section_kind kind;
    const char *sample, *doc;
} chapters[] = {
    {SECTION_PGPURGED, "[pgpurged]", "The daemon itself. There is at most one such section."},
    {SECTION_DATABASE, "[database shop]",
     "A database to connect to, one section for each. NAME is what jobs call it."},
    {SECTION_JOB, "[job orders]",
     "A table whose expired rows go, one section for each. Whatever all jobs have in common may "
     "stand in [defaults] instead, apart from the table."},
};

/* ---- the facts about an option as a sentence ---- */

static void add_choices(const struct config_option *option, struct text *out)
{
    for (size_t i = 0; option->choices[i] != NULL; i++)
        text_addf(out, "%s%s", i == 0 ? "One of " : ", ", option->choices[i]);
    text_add(out, ". ");
}

static void add_facts(const struct config_option *option, struct text *out)
{
    const char *blank = option->unit != NULL ? " " : "", *unit = option->unit ? option->unit : "";

    if (option->choices != NULL)
        add_choices(option, out);
    if (option->least != NULL)
        text_addf(out, "From %s to %s%s%s. ", option->least, option->most, blank, unit);
    if (option->fallback == NULL)
        text_add(out, "Must be set.");
    else if (*option->fallback == '\0')
        text_add(out, "Default: empty.");
    else
        text_addf(out, "Default: %s.", option->fallback);
    if (option->own_only)
        text_add(out, " Not in [defaults].");
    if (option->needs_restart)
        text_add(out, " A change takes effect after a restart.");
}

/* ---- the sample ---- */

/* How much of the words goes on this line. */
static size_t line_length(const char *words)
{
    size_t length = strlen(words);

    if (length > TEXT_COLUMNS) {
        for (length = TEXT_COLUMNS; words[length] != ' ';)
            length--;
    }
    return length;
}

static void add_lines(const char *prefix, const char *words, struct text *out)
{
    while (*words != '\0') {
        size_t length = line_length(words);

        text_add(out, prefix);
        text_add_bytes(out, words, length);
        text_add(out, "\n");
        words += length + (words[length] == ' ');
    }
}

static void add_comment(const char *words, struct text *out)
{
    add_lines("# ", words, out);
}

static void sample_option(const struct config_option *option, struct text *out)
{
    struct text facts = {0};

    add_facts(option, &facts);
    text_add(out, "\n");
    add_comment(option->doc, out);
    add_comment(facts.data, out);
    text_free(&facts);
    if (option->example != NULL)
        text_addf(out, "%s = %s\n", option->name, option->example);
    else
        text_addf(out, "#%s =%s%s\n", option->name, *option->fallback != '\0' ? " " : "",
                  option->fallback);
}

static void sample_chapter(const struct chapter *chapter, struct text *out)
{
    text_add(out, "\n\n");
    add_comment(chapter->doc, out);
    text_addf(out, "%s\n", chapter->sample);
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].section == chapter->kind)
            sample_option(&config_options[i], out);
    }
}

void manual_sample(struct text *out)
{
    text_add(out,
             "# pgpurged.conf: which rows of which tables go, and when.\n"
             "#\n"
             "# Lines that begin with # are comments; an option that is commented out shows its "
             "default.\n"
             "# A comment needs a line of its own. Durations have a unit: ms s min h d w mo y.\n"
             "# Try it out with: pgpurged --config THIS_FILE --check\n");
    for (size_t i = 0; i < ARRAY_LENGTH(chapters); i++)
        sample_chapter(&chapters[i], out);
    text_add(out, "\n\n# Another job, with a column that holds the time of expiry itself.\n"
                  "[job sessions]\n"
                  "database = shop\n"
                  "table = public.sessions\n"
                  "expires = at expires_at\n");
}

/* ---- the manual page ---- */

/* Text as mdoc takes it: a new line after each sentence, since the end of a line tells it where to
 * space. No word of ours begins with a dot, which would make it a macro, or holds a backslash. */
static void add_mdoc_text(const char *words, struct text *out)
{
    while (*words != '\0') {
        const char *stop = strstr(words, ". ");
        size_t length = stop != NULL ? (size_t)(stop + 1 - words) : strlen(words);
        char *sentence = strndup(words, length);

        add_lines("", sentence, out);
        words += length + (words[length] == ' ');
        free(sentence);
    }
}

static void mdoc_option(const struct config_option *option, struct text *out)
{
    struct text facts = {0};

    text_addf(out, ".It Ic %s No = Ar %s\n", option->name, option->type->word);
    add_mdoc_text(option->doc, out);
    add_facts(option, &facts);
    add_mdoc_text(facts.data, out);
    text_free(&facts);
}

static void mdoc_chapter(const struct chapter *chapter, struct text *out)
{
    text_addf(out, ".Ss %s\\&\n", section_form(chapter->kind)); /* ] is a delimiter */
    add_mdoc_text(chapter->doc, out);
    text_add(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].section == chapter->kind)
            mdoc_option(&config_options[i], out);
    }
    text_add(out, ".El\n");
}

void manual_mdoc(struct text *out)
{
    text_add(out, ".\\\" Made by src/config/generate.c from the table of options.\n");
    for (size_t i = 0; i < ARRAY_LENGTH(chapters); i++)
        mdoc_chapter(&chapters[i], out);
}
