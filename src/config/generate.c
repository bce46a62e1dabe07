/*
 * generate: writes the files that come from the table of options, after it was changed:
 *
 *     ./generate sample > etc/pgpurged.conf.sample
 *     ./generate mdoc > doc/options.mdoc
 */
#include <stdio.h>

#include "base/text.h"
#include "config/manual.h"

int main(int argc, char **argv)
{
    struct text out = {0};
    bool written;

    if (argc == 2 && text_equal(argv[1], "sample"))
        manual_sample(&out);
    else if (argc == 2 && text_equal(argv[1], "mdoc"))
        manual_mdoc(&out);
    else {
        fputs("usage: generate sample | mdoc\n", stderr);
        return 2;
    }
    written = fputs(out.data, stdout) >= 0 && fflush(stdout) == 0;
    text_free(&out);
    return written ? 0 : 1;
}
