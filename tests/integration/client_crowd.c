/*
 * client_crowd: the crowd of the integration tests as a program, for bench/run.
 *
 *   client_crowd SOCKET IDLE SLOW
 *
 * Prints "ready" when all are connected, and ends at SIGTERM, SIGINT, or with the process that
 * started it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "integration/crowd.h"
#include "integration/die_with.h"

int main(int argc, char **argv)
{
    struct crowd_options options = {0};
    sigset_t signals;
    int signal;
    pid_t crowd;

    if (argc != 4) {
        fputs("usage: client_crowd SOCKET IDLE SLOW\n", stderr);
        return 2;
    }
    options =
        (struct crowd_options){.socket = argv[1], .idle = atoi(argv[2]), .slow = atoi(argv[3])};
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    die_with(getppid(), SIGTERM);
    crowd = crowd_start(&options);
    if (crowd < 0) {
        fprintf(stderr, "client_crowd: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    puts("ready");
    fflush(stdout);
    sigwait(&signals, &signal);
    crowd_stop(crowd);
    return 0;
}
