#include "integration/cluster.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "integration/await.h"
#include "integration/keep.h"
#include "integration/keeper.h"
#include "integration/program.h"
#include "integration/session.h"
#include "integration/spawn.h"

enum { START_MS = 60000, INITDB_MS = 120000 };

struct cluster {
    const char *bindir, *folder, *data, *host, *log;
    int port;
    struct spawn_user user;
    const struct spawn_user *run_as; /* &user as root, else NULL */
    struct keeper keeper;
};

/* ---- the folder and who owns it ---- */

/* A socket's path may have 107 bytes, and a conninfo, where it stands too, would have to quote a
 * blank; with such a $TMPDIR the folder goes to /tmp. */
static const char *new_folder(void)
{
    const char *parent = getenv("TMPDIR");
    size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) -
                  strlen("/pgpurged-XXXXXX/sockets/") - strlen(".s.PGSQL.65535") - 1;
    if (parent == NULL || strlen(parent) > most || strpbrk(parent, " \t'\\,%") != NULL)
        parent = "/tmp";
    char *folder = text_format("%s/pgpurged-XXXXXX", parent);
    if (mkdtemp(folder) == NULL)
        perror(folder);
    chmod(folder, 0755);
    return keep_text(folder);
}

static void choose_user(struct cluster *cluster)
{
    if (geteuid() != 0)
        return;
    const struct passwd *entry = getpwnam("postgres");
    if (entry == NULL)
        entry = getpwnam("nobody");
    if (entry == NULL)
        return;
    cluster->user = (struct spawn_user){entry->pw_uid, entry->pw_gid};
    cluster->run_as = &cluster->user;
}

static void make_folder_for_server(const struct cluster *cluster, const char *path, mode_t mode)
{
    mkdir(path, mode);
    if (cluster->run_as != NULL && chown(path, cluster->user.uid, cluster->user.gid) != 0)
        perror(path);
}

static int free_tcp_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bind(fd, (struct sockaddr *)&address, length);
    getsockname(fd, (struct sockaddr *)&address, &length);
    close(fd);
    return ntohs(address.sin_port);
}

/* ---- initdb and the settings ---- */

/* The last lines of the log, where the reason stands, as much as fits into an error. */
static const char *log_tail(const struct cluster *cluster)
{
    enum { MOST = 800 };
    const char *log = cluster_log(cluster);
    size_t length = strlen(log);
    return length <= MOST ? log : log + length - MOST;
}

static bool init_database(const struct cluster *cluster, struct err *err)
{
    const char *argv[] = {keep_format("%s/initdb", cluster->bindir),
                          "--pgdata",
                          cluster->data,
                          "--username=postgres",
                          "--auth=trust",
                          "--encoding=UTF8",
                          "--locale=C",
                          "--no-sync",
                          "--no-instructions",
                          NULL};
    int code = -1;
    pid_t pid = spawn(&(struct spawn){argv, cluster->log, SIGKILL, cluster->run_as});
    if (!spawn_wait(pid, INITDB_MS, &code) || code != 0)
        return err_set(err, "initdb failed (%d): %s", code, log_tail(cluster));
    return true;
}

static bool write_settings(const struct cluster *cluster, const struct cluster_options *options,
                           struct err *err)
{
    FILE *file = fopen(keep_format("%s/postgresql.conf", cluster->data), "ae");
    if (file == NULL)
        return err_set(err, "%s/postgresql.conf: %s", cluster->data, strerror(errno));
    fprintf(file,
            "listen_addresses = '%s'\nport = %d\nunix_socket_directories = '%s'\n"
            "fsync = %s\nautovacuum = %s\n"
            "shared_buffers = 32MB\nmax_wal_size = 4GB\ntimezone = 'UTC'\n"
            "log_line_prefix = '%%m [%%p] %%a '\n%s\n",
            options->tcp ? "127.0.0.1" : "", cluster->port, cluster->host,
            options->fsync ? "on" : "off", options->autovacuum ? "on" : "off",
            options->settings != NULL ? options->settings : "");
    fclose(file);
    return true;
}

/* ---- start and stop ---- */

struct starting {
    struct cluster *cluster;
    bool answers;
};

/* Ends as soon as it is known: the server answers, or it has given up. */
static bool start_is_decided(void *arg)
{
    struct starting *starting = arg;
    const char *conninfo = cluster_conninfo(starting->cluster, "postgres", "postgres");
    starting->answers = PQping(conninfo) == PQPING_OK;
    return starting->answers || !keeper_server_runs(&starting->cluster->keeper);
}

static bool start(struct cluster *cluster, struct err *err)
{
    struct starting starting = {.cluster = cluster};
    keeper_start_server(&cluster->keeper);
    await_quietly(start_is_decided, &starting, START_MS);
    if (!starting.answers)
        return err_set(err, "the server did not start: %s", log_tail(cluster));
    return true;
}

void cluster_start(struct cluster *cluster)
{
    struct err err;
    if (!start(cluster, &err))
        ck_abort_msg("%s", err.text);
}

void cluster_stop_fast(struct cluster *cluster)
{
    keeper_stop_fast(&cluster->keeper);
}

void cluster_stop_immediate(struct cluster *cluster)
{
    keeper_stop_immediate(&cluster->keeper);
}

void cluster_restart(struct cluster *cluster)
{
    cluster_stop_fast(cluster);
    cluster_start(cluster);
}

/* ---- a cluster's life ---- */

static void keep_server(struct cluster *cluster)
{
    const char *argv[] = {keep_format("%s/postgres", cluster->bindir), "-D", cluster->data, NULL};
    struct spawn server = {argv, cluster->log, SIGQUIT, cluster->run_as};
    cluster->keeper = keeper_start(cluster->folder, &server);
}

struct cluster *cluster_new(const char *bindir, const struct cluster_options *options,
                            struct err *err)
{
    struct cluster *cluster = mem_new(sizeof(*cluster));
    cluster->bindir = bindir;
    cluster->folder = new_folder();
    cluster->data = keep_format("%s/data", cluster->folder);
    cluster->host = keep_format("%s/sockets", cluster->folder);
    cluster->log = keep_format("%s/server.log", cluster->folder);
    cluster->port = options->tcp ? free_tcp_port() : 5432;
    choose_user(cluster);
    keep_server(cluster); /* from here on somebody removes the folder */
    make_folder_for_server(cluster, cluster->data, 0700);
    make_folder_for_server(cluster, cluster->host, 0755);
    if (!init_database(cluster, err) || !write_settings(cluster, options, err) ||
        !start(cluster, err)) {
        cluster_free(cluster);
        return NULL;
    }
    return cluster;
}

void cluster_free(struct cluster *cluster)
{
    if (cluster == NULL)
        return;
    keeper_end(&cluster->keeper);
    free(cluster);
}

/* ---- what a test asks ---- */

const char *cluster_folder(const struct cluster *cluster)
{
    return cluster->folder;
}

const char *cluster_host(const struct cluster *cluster)
{
    return cluster->host;
}

int cluster_port(const struct cluster *cluster)
{
    return cluster->port;
}

const char *cluster_log(const struct cluster *cluster)
{
    return keep_file(cluster->log);
}

const char *cluster_socket(const struct cluster *cluster)
{
    return keep_format("%s/.s.PGSQL.%d", cluster->host, cluster->port);
}

const char *cluster_conninfo(const struct cluster *cluster, const char *database, const char *user)
{
    return keep_format("host=%s port=%d dbname=%s user=%s", cluster->host, cluster->port, database,
                       user);
}

const char *cluster_conninfo_tcp(const struct cluster *cluster, const char *database,
                                 const char *user)
{
    return keep_format("host=127.0.0.1 port=%d dbname=%s user=%s", cluster->port, database, user);
}

const char *cluster_conninfo_through(int port, const char *database, const char *user)
{
    return keep_format("host=127.0.0.1 port=%d dbname=%s user=%s sslmode=disable"
                       " gssencmode=disable",
                       port, database, user);
}

/* The process's number makes the name unique: each test has a process of its own. */
const char *cluster_new_database(struct cluster *cluster)
{
    static int made;
    const char *name = keep_format("test_%d_%d", (int)getpid(), ++made);
    PGconn *conn = sql_connect(cluster_conninfo(cluster, "postgres", "postgres"));
    sql_exec(conn, "CREATE DATABASE %s", name);
    PQfinish(conn);
    return name;
}

void cluster_apply(struct cluster *cluster, const char *database, const char *path)
{
    const char *output;
    const char *script =
        keep_format("'%s/psql' -X -q -v ON_ERROR_STOP=1 -d '%s' -f '%s'", cluster->bindir,
                    cluster_conninfo(cluster, database, "postgres"), path);
    int code = program_run(&output, "/bin/sh", "-c", script, NULL);
    if (code != 0)
        ck_abort_msg("%s can't be applied (%d): %s", path, code, output);
}

void cluster_install_schema(struct cluster *cluster, const char *database)
{
    const char *path = keep_format("%s/init.sql", cluster->folder), *output;
    const char *script = keep_format("'%s' --init-sql >'%s'", program_pgpurged(), path);
    int code = program_run(&output, "/bin/sh", "-c", script, NULL);
    if (code != 0)
        ck_abort_msg("pgpurged --init-sql failed (%d): %s", code, output);
    cluster_apply(cluster, database, path);
}
