#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

/* Of one test; each test has a process of its own. */
static struct {
    char folder[128], socket[192];
    pid_t server;
    char *out, *err;
} ctl;

const char *ctl_socket(void)
{
    return ctl.socket;
}

/* A socket's path may have 107 bytes; with a long $TMPDIR the folder goes to /tmp. */
void ctl_make_folder(void)
{
    const char *tmp = getenv("TMPDIR");
    bool fits = tmp != NULL && strlen(tmp) <= 70;

    snprintf(ctl.folder, sizeof ctl.folder, "%s/pgpurgectl.XXXXXX", fits ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(ctl.folder));
    snprintf(ctl.socket, sizeof ctl.socket, "%s/socket", ctl.folder);
    setenv("SOCKET", ctl.socket, 1);
    if (getenv("CTL") == NULL)
        setenv("CTL", "./pgpurgectl", 1);
}

static int listen_here(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_lt(strlen(ctl.socket), sizeof address.sun_path);
    strcpy(address.sun_path, ctl.socket);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

/* Reads one request and cuts it behind its first line; false if there was none. */
static bool read_request(int fd, char *request, size_t size)
{
    size_t length = 0;

    while (length + 1 < size) {
        ssize_t n = read(fd, request + length, size - length - 1);

        if (n <= 0)
            return false;
        length += (size_t)n;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL) {
            *strstr(request, "\r\n") = '\0';
            return true;
        }
    }
    return false;
}

static void serve(int fd, ctl_answer_fn *answer)
{
    char request[4096];

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(fd, NULL, NULL);

        if (client < 0)
            _exit(1);
        if (read_request(client, request, sizeof request))
            answer(client, request);
        close(client);
    }
}

void ctl_start(ctl_answer_fn *answer)
{
    int fd;

    ctl_make_folder();
    fd = listen_here();
    ctl.server = fork();
    ck_assert_int_ge(ctl.server, 0);
    if (ctl.server == 0)
        serve(fd, answer);
    close(fd);
}

static void remove_file(const char *name)
{
    char *path = text_format("%s/%s", ctl.folder, name);

    unlink(path);
    free(path);
}

void ctl_stop(void)
{
    if (ctl.server > 0) {
        kill(ctl.server, SIGKILL);
        waitpid(ctl.server, NULL, 0);
    }
    remove_file("socket");
    remove_file("out");
    remove_file("err");
    rmdir(ctl.folder);
    free(ctl.out);
    free(ctl.err);
}

void ctl_send_raw(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);

        if (n <= 0)
            return; /* the client has seen enough */
        bytes += n;
        length -= (size_t)n;
    }
}

void ctl_send(int fd, int status, const char *body)
{
    char *answer = text_format("HTTP/1.1 %d Whatever\r\nContent-Type: application/json\r\n"
                               "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                               status, strlen(body), body);

    ctl_send_raw(fd, answer, strlen(answer));
    free(answer);
}

static const char status[] =
    "{\"daemon\":{\"version\":\"0.1.0\",\"pid\":7,\"now\":\"2026-11-21T01:00:00Z\","
    "\"started\":\"2026-11-21T00:00:00Z\",\"config\":\"shop.conf\",\"reload_ok\":true},"
    "\"databases\":[{\"name\":\"shop\",\"up\":true,\"server_version\":\"15.4\","
    "\"role\":\"primary\",\"connections\":1,\"max_connections\":2}],"
    "\"jobs\":[{\"name\":\"orders\",\"database\":\"shop\",\"table\":\"public.orders\","
    "\"enabled\":true,\"state\":\"running\",\"reason\":\"none\",\"circuit_breaker\":\"closed\","
    "\"oldest_overdue_seconds\":7200,\"due_rows\":12,"
    "\"run\":{\"id\":3,\"percent\":50,\"eta_seconds\":9}},"
    "{\"name\":\"sessions\",\"database\":\"shop\",\"enabled\":true,\"state\":\"waiting\","
    "\"reason\":\"window\",\"circuit_breaker\":\"closed\",\"oldest_overdue_seconds\":0}]}\n";

static const char status_of_orders[] =
    "{\"daemon\":{\"now\":\"2026-11-21T01:00:00Z\",\"reload_ok\":true},\"databases\":[],"
    "\"jobs\":[{\"name\":\"orders\",\"database\":\"shop\",\"table\":\"public.orders\","
    "\"enabled\":true,\"state\":\"running\",\"reason\":\"none\",\"circuit_breaker\":\"closed\","
    "\"oldest_overdue_seconds\":7200,\"due_rows\":12}]}\n";

static const struct canned {
    const char *request;
    int status;
    const char *body;
} canned[] = {
    {"GET /v1/status HTTP/1.1", 200, status},
    {"GET /v1/jobs/orders HTTP/1.1", 200, status_of_orders},
    {"GET /metrics HTTP/1.1", 200,
     "# HELP up Whether.\n# TYPE up gauge\nup 1\n"
     "late{job=\"a \\\"b\\\" \\\\ \\n\",reason=\"c,}\"} NaN\nrows{job=\"x\"} 2.5\n"},
    {"POST /v1/jobs/orders/run HTTP/1.1", 200, "{\"message\":\"orders starts a run\"}\n"},
    {"POST /v1/jobs/steers/run HTTP/1.1", 200,
     "{\"message\":\"\\u001b[2J\\u202eabc\\u009b\\n\"}\n"},
    {"POST /v1/jobs/steers/resume HTTP/1.1", 409, "{\"error\":\"\\u001b[2J\\u202eabc\\n\"}\n"},
    {"POST /v1/jobs/orders/pause HTTP/1.1", 200, "{\"message\":\"orders is paused\"}\n"},
    {"POST /v1/jobs/orders/resume HTTP/1.1", 202, ""},
    {"POST /v1/jobs/a%20b%2F..%2Fc/run HTTP/1.1", 200, "{\"message\":\"encoded\"}\n"},
    {"POST /v1/reload HTTP/1.1", 403,
     "{\"error\":\"only root, the daemon's user and control_group may do that\"}\n"},
};

void ctl_answer_well(int fd, const char *request)
{
    for (size_t i = 0; i < ARRAY_LENGTH(canned); i++)
        if (text_equal(canned[i].request, request)) {
            ctl_send(fd, canned[i].status, canned[i].body);
            return;
        }
    ctl_send(fd, 404, "{\"error\":\"there is no such job\"}\n");
}

/* A file's text; the caller frees it. */
static char *read_file(const char *name)
{
    char *path = text_format("%s/%s", ctl.folder, name), piece[4096];
    FILE *file = fopen(path, "r");
    struct text text = {0};
    size_t n;

    ck_assert_ptr_nonnull(file);
    while ((n = fread(piece, 1, sizeof piece, file)) > 0)
        text_add_bytes(&text, piece, n);
    fclose(file);
    free(path);
    return text_take(&text);
}

struct ctl_ran ctl_shell(const char *command)
{
    char *whole =
        text_format("{ %s\n} >'%s/out' 2>'%s/err' </dev/null", command, ctl.folder, ctl.folder);
    int how = system(whole);

    free(whole);
    free(ctl.out);
    free(ctl.err);
    ctl.out = read_file("out");
    ctl.err = read_file("err");
    ck_assert_msg(WIFEXITED(how), "it did not exit: %s", ctl.err);
    return (struct ctl_ran){WEXITSTATUS(how), ctl.out, ctl.err};
}

static void add_quoted(struct text *out, const char *word)
{
    text_add(out, " '");
    for (; *word != '\0'; word++)
        text_add_bytes(out, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    text_add(out, "'");
}

struct ctl_ran ctl_run(const char *const *arguments)
{
    struct text command = {0};
    struct ctl_ran ran;

    text_add(&command, "\"$CTL\" --socket \"$SOCKET\"");
    for (; *arguments != NULL; arguments++)
        add_quoted(&command, *arguments);
    ran = ctl_shell(command.data);
    text_free(&command);
    return ran;
}
