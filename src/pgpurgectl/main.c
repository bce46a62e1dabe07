/*
 * pgpurgectl: the client: asks the daemon over its socket what it does, and tells it what to do.
 */
#include "config.h"

#include <stdio.h>

#include "pgpurgectl/arguments.h"
#include "pgpurgectl/ask.h"
#include "pgpurgectl/commands.h"

static int run(const struct arguments *arguments)
{
    if (arguments->help)
        arguments_help(stdout);
    else if (arguments->version)
        puts("pgpurgectl " PACKAGE_VERSION);
    else
        return commands_run(arguments);
    return CTL_DONE;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct err err;
    int how;

    if (!arguments_read(argc, argv, &arguments, &err))
        return ask_failed(&arguments, CTL_USAGE, &err);
    how = run(&arguments);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("pgpurgectl: can't write to stdout");
        return CTL_REFUSED;
    }
    return how;
}
