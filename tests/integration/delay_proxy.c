/*
 * delay_proxy: the proxy of the integration tests as a program, for bench/run.
 *
 *   delay_proxy --server FOLDER/.s.PGSQL.PORT [--listen FOLDER] [--port PORT] [--delay MS]
 *
 * Prints "port N" when it listens, "bursts N" at each SIGUSR1, and ends at SIGTERM, SIGINT, or
 * with the process that started it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "integration/die_with.h"
#include "integration/proxy.h"

static void usage(void)
{
    fputs("usage: delay_proxy --server SOCKET [--listen FOLDER] [--port PORT] [--delay MS]\n",
          stderr);
    exit(2);
}

static struct proxy_options read_options(int argc, char **argv)
{
    static const struct option known[] = {{"server", required_argument, NULL, 's'},
                                          {"listen", required_argument, NULL, 'l'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"delay", required_argument, NULL, 'd'},
                                          {0}};
    struct proxy_options options = {0};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 's':
            options.server = optarg;
            break;
        case 'l':
            options.listen_folder = optarg;
            break;
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'd':
            options.delay_ms = strtod(optarg, NULL);
            break;
        default:
            usage();
        }
    }
    if (options.server == NULL || optind != argc)
        usage();
    return options;
}

static void serve_signals(const struct proxy *proxy, const sigset_t *signals)
{
    int signal = 0;
    while (sigwait(signals, &signal) == 0 && signal == SIGUSR1) {
        printf("bursts %lld\n", (long long)proxy_bursts(proxy));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct proxy proxy;
    struct proxy_options options = read_options(argc, argv);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    die_with(getppid(), SIGTERM);
    if (!proxy_start(&proxy, &options)) {
        fprintf(stderr, "delay_proxy: can't listen: %s\n", strerror(errno));
        return 1;
    }
    printf("port %d\n", proxy.port);
    fflush(stdout);
    serve_signals(&proxy, &signals);
    proxy_stop(&proxy);
    return 0;
}
