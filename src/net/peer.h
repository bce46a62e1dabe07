/*
 * peer: who is at the other end of a Unix socket, by the kernel's word (SO_PEERCRED, unix(7)): the
 * process that called connect(), as it was at that moment.
 *
 * Plain data, but it borrows the connection's file descriptor: it is good for as long as that is
 * open. Inside a user namespace of our own (PrivateUsers=yes) other users look like nobody.
 */
#ifndef PGPURGED_NET_PEER_H
#define PGPURGED_NET_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
    bool known; /* false over TCP: the rest means nothing */
    uid_t uid;
    gid_t gid;
    pid_t pid;
    int fd;
};

struct peer peer_of(int fd);

/* Whether the peer is in the group, by its own or a supplementary one. An unknown peer is in none.
 */
bool peer_in_group(const struct peer *peer, gid_t group);

#endif
