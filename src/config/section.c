#include "config/section.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/suggest.h"

static const struct {
    const char *word, *form;
    bool named;
} kinds[] = {
    [SECTION_PGPURGED] = {"pgpurged", "[pgpurged]", false},
    [SECTION_DATABASE] = {"database", "[database NAME]", true},
    [SECTION_DEFAULTS] = {"defaults", "[defaults]", false},
    [SECTION_JOB] = {"job", "[job NAME]", true},
};

const char *section_form(enum section_kind kind)
{
    return kinds[kind].form;
}

static bool unknown_kind(const char *word, struct err *err)
{
    struct suggest nearest = suggest_start(word);

    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        suggest_try(&nearest, kinds[i].word);
    if (nearest.name == NULL)
        return err_set(err,
                       "[%s] is no section; the sections are [pgpurged], [database NAME], "
                       "[defaults], [job NAME]",
                       word);
    return err_set(err, "[%s] is no section; did you mean [%s]?", word, nearest.name);
}

static bool find_kind(const char *word, enum section_kind *kind, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
        if (text_equal(kinds[i].word, word)) {
            *kind = (enum section_kind)i;
            return true;
        }
    }
    return unknown_kind(word, err);
}

/* Names stand in metrics' labels, in URLs and in SQL comments: plain characters only. */
static bool check_name(enum section_kind kind, const char *name, struct err *err)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *example = kind == SECTION_JOB ? "orders" : "shop";

    if (!kinds[kind].named)
        return *name == '\0' ||
               err_set(err, "[%s] has no name; drop \"%s\"", kinds[kind].word, name);
    if (*name == '\0')
        return err_set(err, "[%s] needs a name, as in [%s %s]", kinds[kind].word, kinds[kind].word,
                       example);
    if (name[strspn(name, allowed)] != '\0')
        return strchr(name, '@') != NULL /* a URI, perhaps with its password */
                   ? err_set(err, "a name may only have letters, digits and _ . -")
                   : err_set(err, "the name \"%s\" may only have letters, digits and _ . -", name);
    if (text_equal(name, ".") || text_equal(name, "..")) /* a URL has another meaning for them */
        return err_set(err, "\"%s\" is no name; give it a letter, as in [%s %s]", name,
                       kinds[kind].word, example);
    if (strlen(name) > SECTION_NAME_MAX)
        return err_set(err, "the name \"%s\" is longer than %d characters", name, SECTION_NAME_MAX);
    return true;
}

/* Splits "job orders" in place. */
static const char *split(char *header)
{
    char *end = header + strcspn(header, " \t");
    char *name = end + strspn(end, " \t");

    *end = '\0';
    return name;
}

bool section_parse(const char *header, enum section_kind *kind, char **name, struct err *err)
{
    char *word = text_copy(header);
    const char *given = split(word);
    bool parsed = find_kind(word, kind, err) && check_name(*kind, given, err);

    *name = parsed && kinds[*kind].named ? text_copy(given) : NULL;
    free(word);
    return parsed;
}
