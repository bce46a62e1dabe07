#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

enum { LISTEN_BACKLOG = 128 };

static int stream_socket(int family, struct err *err)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        err_set(err, "can't make a socket: %s", strerror(errno));
    return fd;
}

static bool unix_address(const char *path, struct sockaddr_un *address, struct err *err)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (path[0] != '/')
        return err_set(err, "socket \"%s\": write an absolute path", path);
    if (strlen(path) >= sizeof address->sun_path)
        return err_set(err, "socket %s: the path is too long; the maximum is %zu characters", path,
                       sizeof address->sun_path - 1);
    strcpy(address->sun_path, path);
    return true;
}

/* Nobody listens there: connect() is refused. A full backlog (EAGAIN) means that somebody does. */
static bool check_nobody_listens(const struct sockaddr_un *address, struct err *err)
{
    int fd = stream_socket(AF_UNIX, err);
    int error;

    if (fd < 0)
        return false;
    error = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    if (error == ECONNREFUSED)
        return true;
    if (error == 0 || error == EAGAIN)
        return err_set(err, "socket %s is in use: is another daemon running?", address->sun_path);
    return err_set(
        err, "socket %s: another program may use it (%s); remove it, or configure another path",
        address->sun_path, strerror(error));
}

/* Leaves the path free, or says why it can't be. */
static bool clear_path(const struct sockaddr_un *address, struct err *err)
{
    const char *path = address->sun_path;
    struct stat there;

    if (lstat(path, &there) != 0)
        return errno == ENOENT || err_set(err, "socket %s: %s", path, strerror(errno));
    if (!S_ISSOCK(there.st_mode))
        return err_set(err, "%s exists and is not a socket; remove it, or configure another path",
                       path);
    if (there.st_uid != geteuid())
        return err_set(
            err, "socket %s belongs to another user; remove it, or configure another path", path);
    if (!check_nobody_listens(address, err))
        return false;
    if (unlink(path) != 0)
        return err_set(err, "can't replace the stale socket %s: %s", path, strerror(errno));
    return true;
}

/* The file is made for us alone and opened to the group only once it belongs to the right one. It
 * is given away only if that is needed, because a hardened service may not be allowed to. */
static bool open_to_group(const char *path, mode_t mode, gid_t group, struct err *err)
{
    struct stat made;

    if (lstat(path, &made) != 0)
        return err_set(err, "can't find the new socket %s: %s", path, strerror(errno));
    if (group != (gid_t)LISTEN_OUR_GROUP && made.st_gid != group &&
        lchown(path, (uid_t)-1, group) != 0)
        return err_set(err, "can't give the socket %s to group %u: %s", path, (unsigned)group,
                       strerror(errno));
    if (chmod(path, mode) != 0)
        return err_set(err, "can't set the mode of the socket %s: %s", path, strerror(errno));
    return true;
}

static bool bind_unix(int fd, const struct sockaddr_un *address, mode_t mode, gid_t group,
                      struct err *err)
{
    const char *path = address->sun_path;
    mode_t old_mask = umask(0177);
    int result = bind(fd, (const struct sockaddr *)address, sizeof *address);

    umask(old_mask);
    if (result != 0)
        return err_set(err, "can't make the socket %s: %s", path, strerror(errno));
    if (open_to_group(path, mode, group, err)) {
        if (listen(fd, LISTEN_BACKLOG) == 0)
            return true;
        err_set(err, "can't listen on the socket %s: %s", path, strerror(errno));
    }
    unlink(path);
    return false;
}

/* Two daemons that start at once must not each find the other's socket stale between its bind()
 * and its listen(): the folder is locked while one of them looks and makes. */
static int lock_folder(const char *path, struct err *err)
{
    char *copy = text_copy(path);
    const char *folder = dirname(copy);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        err_set(err, "socket %s: the directory %s can't be used: %s", path, folder,
                strerror(errno));
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        err_set(err, "socket %s: the directory %s is locked; is another daemon starting?", path,
                folder);
        close(fd);
        fd = -1;
    }
    free(copy);
    return fd;
}

static void remember_file(const char *path, struct listen_file *file)
{
    struct stat made;

    if (lstat(path, &made) == 0)
        *file = (struct listen_file){text_copy(path), made.st_dev, made.st_ino};
}

int listen_unix(const char *path, mode_t mode, gid_t group, struct listen_file *file,
                struct err *err)
{
    struct sockaddr_un address;
    int folder, fd;

    *file = (struct listen_file){0};
    if (!unix_address(path, &address, err) || (folder = lock_folder(path, err)) < 0)
        return -1;
    fd = stream_socket(AF_UNIX, err);
    if (fd >= 0 && (!clear_path(&address, err) || !bind_unix(fd, &address, mode, group, err))) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        remember_file(path, file);
    close(folder);
    return fd;
}

void listen_file_remove(struct listen_file *file)
{
    struct stat there;

    if (file->path != NULL && lstat(file->path, &there) == 0 && there.st_dev == file->device &&
        there.st_ino == file->inode)
        unlink(file->path);
    free(file->path);
    *file = (struct listen_file){0};
}

/* Splits "HOST:PORT" or "[HOST]:PORT" in place. */
static bool split_address(char *address, char **host, char **port)
{
    char *colon = strrchr(address, ':');
    size_t length;

    if (colon == NULL)
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = address;
    length = strlen(address);
    if (address[0] == '[' && length > 2 && address[length - 1] == ']') {
        address[length - 1] = '\0';
        *host = address + 1;
        return **port != '\0';
    }
    /* Several colons without brackets: where the port begins would be a guess. */
    return length > 0 && **port != '\0' && strchr(address, ':') == NULL;
}

/* Names are not looked up: that can block, and a name may come to mean more than one thinks. */
static struct addrinfo *resolve(const char *address)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    char *copy = text_copy(address), *host, *port;

    if (split_address(copy, &host, &port) && getaddrinfo(host, port, &hints, &found) != 0)
        found = NULL;
    free(copy);
    return found;
}

static bool bind_tcp(int fd, const struct addrinfo *where, const char *address, struct err *err)
{
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* or a restart waits a minute */
    if (where->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on); /* [::] is not 0.0.0.0 as well */
    if (bind(fd, where->ai_addr, where->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
        return err_set(err, "can't listen on %s: %s", address, strerror(errno));
    return true;
}

int listen_tcp(const char *address, struct err *err)
{
    struct addrinfo *where = resolve(address);
    int fd;

    if (where == NULL) {
        err_set(err,
                "can't listen on \"%s\": write an address in numbers and a port, "
                "such as 127.0.0.1:9788 or [::1]:9788",
                address);
        return -1;
    }
    fd = stream_socket(where->ai_family, err);
    if (fd >= 0 && !bind_tcp(fd, where, address, err)) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(where);
    return fd;
}
