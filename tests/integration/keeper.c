#include "integration/keeper.h"

#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum command { START = 's', RUNS = 'r', FAST = 'f', IMMEDIATE = 'i', END = 'e' };

enum { STOP_MS = 30000, LOOK_AT_PARENT_MS = 200 };

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    remove(path);
    return 0;
}

static void remove_tree(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool runs(pid_t *server)
{
    int code = 0;
    if (*server != 0 && spawn_ended(*server, &code))
        *server = 0;
    return *server != 0;
}

static void stop(pid_t *server, int signal)
{
    int code = 0;
    if (!runs(server))
        return;
    kill(*server, signal);
    if (!spawn_wait(*server, STOP_MS, &code)) {
        kill(*server, SIGKILL);
        waitpid(*server, NULL, 0);
    }
    *server = 0;
}

static void obey(char command, const struct spawn *plan, pid_t *server)
{
    switch ((enum command)command) {
    case START:
        if (!runs(server))
            *server = spawn(plan);
        break;
    case FAST:
        stop(server, SIGINT);
        break;
    case IMMEDIATE:
    case END:
        stop(server, SIGQUIT);
        break;
    case RUNS:
        break;
    }
}

/* The socket's end-of-file would not tell that the test program is gone as long as a child of it
 * lives on, so the keeper looks whose child it is itself. */
static void serve(int fd, pid_t parent, const char *folder, const struct spawn *plan)
{
    pid_t server = 0;
    char command = 0;
    while (command != END && getppid() == parent) {
        if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, LOOK_AT_PARENT_MS) <= 0)
            continue;
        if (recv(fd, &command, 1, 0) != 1)
            break;
        obey(command, plan, &server);
        char answer = runs(&server);
        if (command == END)
            remove_tree(folder);
        send(fd, &answer, 1, MSG_NOSIGNAL);
    }
    stop(&server, SIGQUIT);
    remove_tree(folder);
    _exit(0);
}

struct keeper keeper_start(const char *folder, const struct spawn *server)
{
    int ends[2];
    pid_t parent = getpid();
    fflush(NULL);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        perror("socketpair");
        exit(1);
    }
    pid_t pid = fork();
    if (pid == 0) {
        setsid(); /* out of reach of Ctrl-C and of Check's killpg() */
        close(ends[0]);
        serve(ends[1], parent, folder, server);
    }
    close(ends[1]);
    return (struct keeper){.socket = ends[0], .pid = pid};
}

static bool ask(struct keeper *keeper, enum command command)
{
    char byte = (char)command;
    if (send(keeper->socket, &byte, 1, MSG_NOSIGNAL) != 1 || recv(keeper->socket, &byte, 1, 0) != 1)
        return false;
    return byte;
}

bool keeper_start_server(struct keeper *keeper)
{
    return ask(keeper, START);
}

bool keeper_server_runs(struct keeper *keeper)
{
    return ask(keeper, RUNS);
}

bool keeper_stop_fast(struct keeper *keeper)
{
    return ask(keeper, FAST);
}

bool keeper_stop_immediate(struct keeper *keeper)
{
    return ask(keeper, IMMEDIATE);
}

void keeper_end(struct keeper *keeper)
{
    ask(keeper, END);
    close(keeper->socket);
    waitpid(keeper->pid, NULL, 0);
}
