#include "integration/bindir.h"

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/keep.h"

/* The first line that a shell command prints, without its newline; "" if it prints none. */
static const char *first_line_of(const char *command)
{
    char line[512] = "";
    FILE *pipe = popen(command, "re");
    if (pipe == NULL)
        return "";
    if (fgets(line, sizeof(line), pipe) == NULL)
        line[0] = '\0';
    pclose(pipe);
    line[strcspn(line, "\n")] = '\0';
    return keep_text(text_copy(line));
}

/* "postgres (PostgreSQL) 15.20 (Debian ...)" -> 15; 0 if it doesn't say. */
static int version_of(const char *bindir)
{
    const char *line = first_line_of(keep_format("'%s/postgres' --version 2>/dev/null", bindir));
    const char *number = strstr(line, "(PostgreSQL) ");
    return number == NULL ? 0 : atoi(number + strlen("(PostgreSQL) "));
}

static bool serves(const char *bindir)
{
    return access(keep_format("%s/initdb", bindir), X_OK) == 0 &&
           version_of(bindir) >= BINDIR_OLDEST_VERSION;
}

static const char *newest_of_debian(void)
{
    const char *newest = NULL;
    int newest_version = 0;
    glob_t found = {0};
    glob("/usr/lib/postgresql/*/bin", 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int version = version_of(found.gl_pathv[i]);
        if (serves(found.gl_pathv[i]) && version > newest_version) {
            newest = keep_text(text_copy(found.gl_pathv[i]));
            newest_version = version;
        }
    }
    globfree(&found);
    return newest;
}

static const char *from_path(void)
{
    return first_line_of("dirname \"$(readlink -f \"$(command -v initdb)\")\" 2>/dev/null");
}

const char *bindir_find(void)
{
    const char *asked = getenv("PG_BINDIR");
    if (asked != NULL)
        return serves(asked) ? asked : NULL;

    const char *configured = first_line_of("pg_config --bindir 2>/dev/null");
    if (serves(configured))
        return configured;
    const char *debian = newest_of_debian();
    if (debian != NULL)
        return debian;
    const char *path = from_path();
    return serves(path) ? path : NULL;
}
