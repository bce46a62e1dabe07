#include "integration/crowd.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/die_with.h"

enum { TURN_US = 100 * 1000, TURNS_UNTIL_BACK = 10 };

struct client {
    int fd;    /* -1 = thrown out */
    int turns; /* until it comes back */
    bool slow;
};

static bool come(struct client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd >= 0 && connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    client->turns = TURNS_UNTIL_BACK;
    return false;
}

static bool is_thrown_out(const struct client *client)
{
    char rest[1024]; /* the server's last words */
    ssize_t length = recv(client->fd, rest, sizeof rest, MSG_DONTWAIT);

    return length >= 0 || errno != EAGAIN;
}

static void take_turn(struct client *client, const char *path)
{
    if (client->fd < 0) {
        if (--client->turns <= 0)
            come(client, path);
    } else if (is_thrown_out(client)) {
        close(client->fd);
        *client = (struct client){-1, TURNS_UNTIL_BACK, client->slow};
    } else if (client->slow) {
        send(client->fd, "G", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void become(const struct spawn_user *user)
{
    if (user != NULL &&
        (setgroups(0, NULL) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0))
        _exit(1);
}

static void be_a_crowd(const struct crowd_options *options, pid_t parent, int tell)
{
    size_t count = (size_t)(options->idle + options->slow);
    struct client *clients = mem_new(count * sizeof *clients);
    int trouble = 0;

    become(options->user);
    die_with(parent, SIGKILL);
    for (size_t i = 0; i < count; i++) {
        clients[i].slow = i < (size_t)options->slow;
        if (!come(&clients[i], options->socket))
            trouble = errno;
    }
    if (write(tell, &trouble, sizeof trouble) != sizeof trouble)
        _exit(1);
    for (;;) {
        for (size_t i = 0; i < count; i++)
            take_turn(&clients[i], options->socket);
        usleep(TURN_US);
    }
}

pid_t crowd_start(const struct crowd_options *options)
{
    pid_t parent = getpid(), crowd;
    int ends[2], trouble = ECHILD;

    if (pipe(ends) != 0)
        return -1;
    crowd = fork();
    if (crowd == 0)
        be_a_crowd(options, parent, ends[1]);
    close(ends[1]);
    if (crowd < 0 || read(ends[0], &trouble, sizeof trouble) != sizeof trouble || trouble != 0) {
        close(ends[0]);
        if (crowd > 0)
            crowd_stop(crowd);
        errno = trouble;
        return -1;
    }
    close(ends[0]);
    return crowd;
}

void crowd_stop(pid_t crowd)
{
    kill(crowd, SIGKILL);
    waitpid(crowd, NULL, 0);
}
