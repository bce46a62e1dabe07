#include "integration/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "integration/die_with.h"

enum {
    MOST_LINKS = 64,
    CHUNK_BYTES = 16384,
    QUEUE_BYTES = 1 << 20,  /* more is not read before some of it has gone */
    LOOK_AT_ORDERS_MS = 10, /* how soon a change of struct proxy_shared is seen at the latest */
};

struct proxy_shared {
    atomic_llong bursts, connections, cuts;
    atomic_bool frozen;
    atomic_bool cut_armed; /* set last, so that the four below are whole when it is seen */
    enum proxy_direction cut_direction;
    bool cut_forwarded;
    char cut_text[64];
};

/* ---- one direction of one connection: bytes on their way, each chunk with its time ---- */

struct chunk {
    struct chunk *next;
    struct mono arrived;
    size_t length, sent;
    char bytes[CHUNK_BYTES];
};

struct stream {
    int from, to;
    struct chunk *first, *last;
    size_t queued;
    bool ended;    /* nothing more comes: close when the queue is empty */
    char tail[64]; /* the last bytes before the newest chunk, for a text across two chunks */
    size_t tail_length;
};

struct link {
    bool used;
    bool server_spoke; /* since the client last did; true at first */
    struct stream streams[2];
};

struct relay {
    int listener;
    struct sockaddr_un server;
    double delay_ms;
    struct proxy_shared *shared;
    struct link links[MOST_LINKS];
};

static void stream_push(struct stream *stream, const char *bytes, size_t length)
{
    struct chunk *chunk = mem_new(sizeof(*chunk));
    chunk->arrived = mono_now();
    chunk->length = length;
    memcpy(chunk->bytes, bytes, length);
    if (stream->first == NULL)
        stream->first = chunk;
    else
        stream->last->next = chunk;
    stream->last = chunk;
    stream->queued += length;
}

static void stream_pop(struct stream *stream)
{
    struct chunk *chunk = stream->first;
    stream->first = chunk->next;
    stream->queued -= chunk->length;
    free(chunk);
}

/* How long the oldest bytes still have to wait; negative if they may go. */
static double stream_wait_ms(const struct stream *stream, double delay_ms)
{
    return delay_ms - mono_ms_between(stream->first->arrived, mono_now());
}

static void link_close(struct link *link)
{
    for (int i = 0; i < 2; i++)
        while (link->streams[i].first != NULL)
            stream_pop(&link->streams[i]);
    close(link->streams[0].from);
    close(link->streams[0].to);
    *link = (struct link){0};
}

/* ---- the cut ---- */

/* Where the text begins, counted from the start of `bytes` (negative: in the bytes before);
 * `length` if it isn't there. */
static ssize_t find_text(const struct stream *stream, const char *bytes, size_t length,
                         const char *text)
{
    char both[sizeof(stream->tail) + CHUNK_BYTES];
    memcpy(both, stream->tail, stream->tail_length);
    memcpy(both + stream->tail_length, bytes, length);
    const char *at = memmem(both, stream->tail_length + length, text, strlen(text));
    return at == NULL ? (ssize_t)length : at - both - (ssize_t)stream->tail_length;
}

/* Keeps at most one byte less than the text has, so that it is not found twice. */
static void remember_tail(struct stream *stream, const char *bytes, size_t length, size_t most)
{
    char both[sizeof(stream->tail) + CHUNK_BYTES];
    size_t all = stream->tail_length + length;
    memcpy(both, stream->tail, stream->tail_length);
    memcpy(both + stream->tail_length, bytes, length);
    stream->tail_length = all < most ? all : most;
    memcpy(stream->tail, both + all - stream->tail_length, stream->tail_length);
}

/* Whether the connection has to be cut here; `length` becomes what may still go through. */
static bool cuts_here(struct proxy_shared *shared, struct stream *stream,
                      enum proxy_direction direction, const char *bytes, size_t *length)
{
    if (!atomic_load(&shared->cut_armed) || shared->cut_direction != direction) {
        stream->tail_length = 0;
        return false;
    }
    size_t text_length = strlen(shared->cut_text);
    ssize_t at = find_text(stream, bytes, *length, shared->cut_text);
    if (at == (ssize_t)*length) {
        remember_tail(stream, bytes, *length, text_length - 1);
        return false;
    }
    if (!shared->cut_forwarded)
        *length = at < 0 ? 0 : (size_t)at;
    atomic_store(&shared->cut_armed, false);
    return true;
}

/* ---- moving bytes ---- */

static void count_burst(struct relay *relay, struct link *link, enum proxy_direction direction)
{
    if (direction == PROXY_TO_CLIENT)
        link->server_spoke = true;
    else if (link->server_spoke) {
        link->server_spoke = false;
        atomic_fetch_add(&relay->shared->bursts, 1);
    }
}

static void take_in(struct relay *relay, struct link *link, enum proxy_direction direction)
{
    char bytes[CHUNK_BYTES];
    struct stream *stream = &link->streams[direction];
    ssize_t got = recv(stream->from, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        stream->ended = true;
        return;
    }
    size_t length = (size_t)got;
    bool cut = cuts_here(relay->shared, stream, direction, bytes, &length);
    count_burst(relay, link, direction);
    if (length > 0)
        stream_push(stream, bytes, length);
    if (cut) {
        stream->ended = true; /* the link is closed when what came before has gone */
        atomic_fetch_add(&relay->shared->cuts, 1);
    }
}

/* Sends what is due and fits; false if nobody listens any more. */
static bool give_out(struct stream *stream, double delay_ms)
{
    while (stream->first != NULL && stream_wait_ms(stream, delay_ms) <= 0) {
        struct chunk *chunk = stream->first;
        ssize_t put = send(stream->to, chunk->bytes + chunk->sent, chunk->length - chunk->sent,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0)
            return errno == EAGAIN || errno == EINTR;
        chunk->sent += (size_t)put;
        if (chunk->sent == chunk->length)
            stream_pop(stream);
    }
    return true;
}

/* One turn for one connection, after poll() has said on which side something has come. */
static void turn_link(struct relay *relay, struct link *link, const bool *readable)
{
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &link->streams[i];
        if (readable[i])
            take_in(relay, link, (enum proxy_direction)i);
        if (!give_out(stream, relay->delay_ms) || (stream->ended && stream->first == NULL)) {
            link_close(link);
            return;
        }
    }
}

/* ---- new connections ---- */

static int connect_to_server(const struct relay *relay)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&relay->server, sizeof(relay->server)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct link *unused_link(struct relay *relay)
{
    for (int i = 0; i < MOST_LINKS; i++)
        if (!relay->links[i].used)
            return &relay->links[i];
    return NULL;
}

/* A server that is down looks here as it does without us: connected, or not for long. */
static void accept_client(struct relay *relay)
{
    int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
    struct link *link = unused_link(relay);
    int server = client < 0 || link == NULL ? -1 : connect_to_server(relay);
    if (server < 0) {
        if (client >= 0)
            close(client);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)); /* fails on Unix: fine */
    *link = (struct link){.used = true, .server_spoke = true};
    link->streams[PROXY_TO_SERVER] = (struct stream){.from = client, .to = server};
    link->streams[PROXY_TO_CLIENT] = (struct stream){.from = server, .to = client};
    atomic_fetch_add(&relay->shared->connections, 1);
}

/* ---- the loop ---- */

static bool wants_input(const struct stream *stream)
{
    return !stream->ended && stream->queued < QUEUE_BYTES;
}

/* What to ask poll() about one side, which is the source of one stream and the sink of the other.
 * Nothing to ask: -1, since poll() would report a hang-up again and again. */
static struct pollfd ask_about(const struct relay *relay, const struct link *link, int side)
{
    const struct stream *source = &link->streams[side], *sink = &link->streams[!side];
    struct pollfd ask = {.fd = source->from};
    if (wants_input(source))
        ask.events |= POLLIN;
    if (sink->first != NULL && stream_wait_ms(sink, relay->delay_ms) <= 0)
        ask.events |= POLLOUT;
    if (!link->used || ask.events == 0)
        ask.fd = -1;
    return ask;
}

/* Until the next chunk is due, but never longer than it takes to see the test's orders in time. */
static struct timespec longest_sleep(const struct relay *relay)
{
    double wait_ms = LOOK_AT_ORDERS_MS;
    for (int i = 0; i < 2 * MOST_LINKS; i++) {
        const struct stream *stream = &relay->links[i / 2].streams[i % 2];
        if (stream->first == NULL)
            continue;
        double due_ms = stream_wait_ms(stream, relay->delay_ms);
        if (due_ms > 0 && due_ms < wait_ms)
            wait_ms = due_ms;
    }
    return (struct timespec){.tv_nsec = (long)(wait_ms * 1e6)};
}

static void turn(struct relay *relay)
{
    struct pollfd asks[1 + 2 * MOST_LINKS];
    asks[0] = (struct pollfd){.fd = relay->listener, .events = POLLIN};
    for (int i = 0; i < 2 * MOST_LINKS; i++)
        asks[1 + i] = ask_about(relay, &relay->links[i / 2], i % 2);

    struct timespec sleep = longest_sleep(relay);
    if (ppoll(asks, 1 + 2 * MOST_LINKS, &sleep, NULL) < 0)
        return;
    for (int i = 0; i < MOST_LINKS; i++) {
        const short in = POLLIN | POLLHUP | POLLERR;
        const bool readable[2] = {asks[1 + 2 * i].revents & in, asks[2 + 2 * i].revents & in};
        if (relay->links[i].used)
            turn_link(relay, &relay->links[i], readable);
    }
    if (asks[0].revents != 0)
        accept_client(relay);
}

static void run(struct relay *relay)
{
    for (;;) {
        if (atomic_load(&relay->shared->frozen))
            nanosleep(&(struct timespec){.tv_nsec = LOOK_AT_ORDERS_MS * 1000000}, NULL);
        else
            turn(relay);
    }
}

/* ---- starting and listening ---- */

static int listen_tcp(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)*port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, MOST_LINKS) != 0) {
        close(fd);
        return -1;
    }
    getsockname(fd, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    return fd;
}

static int listen_unix(const char *folder, int *port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (*port == 0)
        *port = 5432;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.%d", folder, *port);
    unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(fd, MOST_LINKS) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void run_child(const struct proxy *proxy, const struct proxy_options *options, int listener,
                      pid_t parent)
{
    struct relay *relay = mem_new(sizeof(*relay));
    die_with(parent, SIGKILL);
    relay->listener = listener;
    relay->delay_ms = options->delay_ms;
    relay->shared = proxy->shared;
    relay->server.sun_family = AF_UNIX;
    snprintf(relay->server.sun_path, sizeof(relay->server.sun_path), "%s", options->server);
    run(relay);
}

bool proxy_start(struct proxy *proxy, const struct proxy_options *options)
{
    pid_t parent = getpid();
    *proxy = (struct proxy){.port = options->port};
    int listener = options->listen_folder != NULL
                       ? listen_unix(options->listen_folder, &proxy->port)
                       : listen_tcp(&proxy->port);
    if (listener < 0)
        return false;
    proxy->shared = mmap(NULL, sizeof(*proxy->shared), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(NULL);
    proxy->pid = proxy->shared == MAP_FAILED ? -1 : fork();
    if (proxy->pid == 0)
        run_child(proxy, options, listener, parent);
    close(listener);
    return proxy->pid > 0;
}

void proxy_stop(struct proxy *proxy)
{
    kill(proxy->pid, SIGKILL);
    waitpid(proxy->pid, NULL, 0);
    munmap(proxy->shared, sizeof(*proxy->shared));
}

/* ---- what a test asks and orders ---- */

int64_t proxy_bursts(const struct proxy *proxy)
{
    return atomic_load(&proxy->shared->bursts);
}

int64_t proxy_connections(const struct proxy *proxy)
{
    return atomic_load(&proxy->shared->connections);
}

int64_t proxy_cuts(const struct proxy *proxy)
{
    return atomic_load(&proxy->shared->cuts);
}

void proxy_freeze(struct proxy *proxy, bool frozen)
{
    atomic_store(&proxy->shared->frozen, frozen);
}

void proxy_cut_at(struct proxy *proxy, enum proxy_direction direction, const char *text,
                  bool forwarded)
{
    struct proxy_shared *shared = proxy->shared;
    atomic_store(&shared->cut_armed, false);
    shared->cut_direction = direction;
    shared->cut_forwarded = forwarded;
    snprintf(shared->cut_text, sizeof(shared->cut_text), "%s", text);
    atomic_store(&shared->cut_armed, true);
}
