/*
 * listen: making the sockets that are listened on: a Unix socket in the file system, or TCP.
 *
 * The caller owns the descriptor that comes back. A Unix socket also leaves a file behind;
 * listen_file says which one, so that exactly that one is removed again and nothing that somebody
 * else has put in its place.
 */
#ifndef PGPURGED_NET_LISTEN_H
#define PGPURGED_NET_LISTEN_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

struct listen_file {
    char *path; /* owned; NULL = none */
    dev_t device;
    ino_t inode;
};

enum { LISTEN_OUR_GROUP = -1 };

/* Returns a listening descriptor, or -1 with err set. A socket that is already there is replaced
 * only if it is ours and nobody listens on it; anything else at the path (a symlink, a file, a
 * socket of somebody else or in use) is an error and stays untouched. The file gets `mode` and
 * `group` (LISTEN_OUR_GROUP: the daemon's own) before anybody else can connect. */
int listen_unix(const char *path, mode_t mode, gid_t group, struct listen_file *file,
                struct err *err);

/* Removes the file if it is still the one that was made, and frees the path. An empty one is fine.
 */
void listen_file_remove(struct listen_file *file);

/* ADDRESS:PORT in numbers: "127.0.0.1:9788", "[::1]:9788". Returns -1 with err set. */
int listen_tcp(const char *address, struct err *err);

#endif
