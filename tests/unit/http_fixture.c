#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "http.h"
#include "net/http.h"

double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* A socket's path may have 107 bytes; with a long $TMPDIR the folder goes to /tmp. */
char *folder_make(void)
{
    const char *parent = getenv("TMPDIR");
    bool fits = parent != NULL && strlen(parent) <= 70;
    char *folder = text_format("%s/check_http.XXXXXX", fits ? parent : "/tmp");

    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

void folder_remove(char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

static void answer_big(struct http_response *response)
{
    char line[1025];

    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (int i = 0; i < BIG_ANSWER_BYTES / 1024; i++)
        text_add(&response->body, line);
}

static void answer_peer(const struct peer *peer, struct http_response *response)
{
    if (peer->known)
        text_addf(&response->body, "%u %u", (unsigned)peer->uid, (unsigned)peer->gid);
    else
        text_add(&response->body, "unknown");
}

static void answer_get(const struct http_request *request, struct http_response *response)
{
    if (text_equal(request->path, "/metrics"))
        text_add(&response->body, "up 1\n");
    else if (text_equal(request->path, "/big"))
        answer_big(response);
    else if (text_equal(request->path, "/kind"))
        text_add(&response->body, request->kind == HTTP_UNIX ? "unix" : "tcp");
    else if (text_equal(request->path, "/peer"))
        answer_peer(request->peer, response);
    else if (text_starts(request->path, "/member-"))
        text_add(&response->body,
                 peer_in_group(request->peer, (gid_t)atoi(request->path + strlen("/member-")))
                     ? "yes"
                     : "no");
    else
        http_respond_error(response, 404, "there is no \"such\" path");
}

static void handle(void *arg, const struct http_request *request, struct http_response *response)
{
    (void)arg;
    if (request->method == HTTP_GET) {
        answer_get(request, response);
    } else if (text_equal(request->path, "/act")) {
        text_add(&response->body, "done\n");
    } else {
        response->allow = "GET, HEAD";
        http_respond_error(response, 405, "only GET here");
    }
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static void limit_descriptors(int count)
{
    struct rlimit limit = {(rlim_t)count, (rlim_t)count};

    if (count > 0)
        setrlimit(RLIMIT_NOFILE, &limit);
}

/* The child's whole life; exit() and not _exit(), so that a leak is noticed. */
static void serve(const char *path, int tcp_fd, int ready_fd, int descriptor_limit)
{
    struct loop *loop = loop_new();
    struct http *http = http_new(loop, handle, NULL);
    struct err err;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit_descriptors(descriptor_limit);
    loop_on_signal(loop, SIGTERM, stop, loop);
    if (!http_listen_unix(http, path, 0666, (gid_t)LISTEN_OUR_GROUP, &err) ||
        !http_listen_fd(http, tcp_fd, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    if (write(ready_fd, "", 1) != 1)
        exit(1);
    close(ready_fd);
    loop_run(loop);
    http_free(http);
    loop_free(loop);
    exit(access(path, F_OK) == 0 ? 2 : 0); /* the file of the socket must be gone */
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

struct http_server http_server_start(int descriptor_limit)
{
    struct http_server server = {.folder = folder_make()};
    struct err err;
    int ready[2], tcp_fd = listen_tcp("127.0.0.1:0", &err);
    char byte;

    ck_assert_msg(tcp_fd >= 0, "%s", err.text);
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(chmod(server.folder, 0755), 0); /* other users connect as well */
    snprintf(server.socket, sizeof server.socket, "%s/socket", server.folder);
    server.port = port_of(tcp_fd);
    server.pid = fork();
    ck_assert_int_ge(server.pid, 0);
    if (server.pid == 0) {
        close(ready[0]);
        serve(server.socket, tcp_fd, ready[1], descriptor_limit);
    }
    close(tcp_fd);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return server;
}

void http_server_stop(struct http_server *server)
{
    int status;

    ck_assert_int_eq(kill(server->pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(server->pid, &status, 0), server->pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with %#x",
                  (unsigned)status);
    folder_remove(server->folder);
}

static FILE *open_proc(const struct http_server *server, const char *name)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)server->pid, name);
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    return file;
}

static int count_one(const char *path, const struct stat *info, int kind, struct FTW *place);
static int descriptor_count;

int http_server_descriptors(const struct http_server *server)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/fd", (int)server->pid);
    descriptor_count = 0;
    ck_assert_int_eq(nftw(path, count_one, 4, FTW_PHYS), 0);
    return descriptor_count - 1; /* the folder itself */
}

static int count_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)path, (void)info, (void)kind, (void)place;
    descriptor_count++;
    return 0;
}

long http_server_resident_kb(const struct http_server *server)
{
    FILE *file = open_proc(server, "statm");
    long all, resident;

    ck_assert_int_eq(fscanf(file, "%ld %ld", &all, &resident), 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

#ifdef __SANITIZE_ADDRESS__
#define UNDER_SANITIZER true
#else
#define UNDER_SANITIZER false
#endif

/* valgrind loads its own library into the program. */
bool memory_is_the_servers_own(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return !UNDER_SANITIZER && (preload == NULL || strstr(preload, "vgpreload") == NULL);
}

double http_server_cpu_ms(const struct http_server *server)
{
    FILE *file = open_proc(server, "stat");
    unsigned long user, system;

    /* After "pid (name) state" come 10 numbers, then the two. */
    ck_assert_int_eq(fscanf(file,
                            "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                            &user, &system),
                     2);
    fclose(file);
    return 1e3 * (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int connected(int family, const struct sockaddr *address, socklen_t size)
{
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    ck_assert_msg(connect(fd, address, size) == 0, "connect: %s", strerror(errno));
    return fd;
}

int connect_unix(const struct http_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    strcpy(address.sun_path, server->socket);
    return connected(AF_UNIX, (struct sockaddr *)&address, sizeof address);
}

int connect_tcp(const struct http_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return connected(AF_INET, (struct sockaddr *)&address, sizeof address);
}

void send_bytes(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

void send_text(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

char *receive_all(int fd)
{
    struct text all = {0};
    char piece[65536];
    ssize_t got;

    while ((got = TEMP_FAILURE_RETRY(recv(fd, piece, sizeof piece, 0))) > 0)
        text_add_bytes(&all, piece, (size_t)got);
    ck_assert_msg(got == 0, "recv: %s", strerror(errno));
    close(fd);
    return text_take(&all);
}

char *ask(int fd, const char *request)
{
    send_text(fd, request);
    return receive_all(fd);
}

int answer_status(const char *answer)
{
    return text_starts(answer, "HTTP/1.1 ") ? atoi(answer + strlen("HTTP/1.1 ")) : 0;
}

const char *answer_body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");

    return end != NULL ? end + 4 : "";
}
