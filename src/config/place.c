#include "config/place.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool place_check_path(const char *text, struct err *err)
{
    if (text[0] == '/')
        return true;
    return err_set(err, "\"%s\" is not a whole path; write it from / on", text);
}

/* Whether what stands before the port is IPv4, or IPv6 in brackets. */
static bool is_address(const char *text, const char *colon)
{
    struct in6_addr address;
    bool bracketed = text[0] == '[' && colon - text > 2 && colon[-1] == ']';
    char *host = bracketed ? text_format("%.*s", (int)(colon - text) - 2, text + 1)
                           : text_format("%.*s", (int)(colon - text), text);
    bool fine = inet_pton(bracketed ? AF_INET6 : AF_INET, host, &address) == 1;

    free(host);
    return fine;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    int port = atoi(text);

    return digits > 0 && digits <= 5 && text[digits] == '\0' && port >= 1 && port <= 65535;
}

bool place_check_address(const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');

    if (colon != NULL && is_address(text, colon) && is_port(colon + 1))
        return true;
    return err_set(err,
                   "\"%s\" is not ADDRESS:PORT in numbers; write 127.0.0.1:9788 or [::1]:9788 for "
                   "this machine alone, 0.0.0.0:9788 for every network that it is in",
                   text);
}
