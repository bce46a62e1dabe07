#include "integration/notify_socket.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "integration/await.h"

void notify_socket_open(struct notify_socket *notify, const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify-%d", folder, (int)getpid());
    unlink(address.sun_path);
    notify->heard[0] = '\0';
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(notify->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

static void hear(struct notify_socket *notify)
{
    size_t have = strlen(notify->heard);
    ssize_t got;
    while ((got = recv(notify->fd, notify->heard + have, sizeof(notify->heard) - have - 2, 0)) >
           0) {
        have += (size_t)got;
        notify->heard[have++] = '\n';
        notify->heard[have] = '\0';
    }
}

/* Whole lines only: "READY=1" is not in "READY=10". */
static bool has_line(const char *heard, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = heard; (at = strstr(at, line)) != NULL; at += length)
        if ((at == heard || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

bool notify_socket_heard(struct notify_socket *notify, const char *line)
{
    hear(notify);
    return has_line(notify->heard, line);
}

struct expected_message {
    struct notify_socket *notify;
    const char *line;
};

static bool message_is_there(void *arg)
{
    struct expected_message *message = arg;
    return notify_socket_heard(message->notify, message->line);
}

void notify_socket_await(struct notify_socket *notify, const char *line, int timeout_ms)
{
    struct expected_message message = {notify, line};
    if (!await_quietly(message_is_there, &message, timeout_ms))
        ck_abort_msg("\"%s\" did not come within %d ms; heard:\n%s", line, timeout_ms,
                     notify->heard);
}

void notify_socket_forget(struct notify_socket *notify)
{
    hear(notify);
    notify->heard[0] = '\0';
}
