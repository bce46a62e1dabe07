#include "net/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/text.h"

struct peer peer_of(int fd)
{
    struct ucred credentials;
    socklen_t size = sizeof credentials;

    /* Linux answers a TCP socket as well, but with pid 0. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || credentials.pid == 0)
        return (struct peer){.known = false, .fd = fd};
    return (struct peer){true, credentials.uid, credentials.gid, credentials.pid, fd};
}

static bool contains(const gid_t *groups, size_t count, gid_t group)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* By the user database: what the user's next login would have. */
static bool user_in_group(const struct peer *peer, gid_t group)
{
    struct passwd *user = getpwuid(peer->uid);
    gid_t groups[1024];
    int count = ARRAY_LENGTH(groups);

    if (user == NULL || getgrouplist(user->pw_name, peer->gid, groups, &count) < 0)
        return false; /* when unsure, no */
    return contains(groups, (size_t)count, group);
}

bool peer_in_group(const struct peer *peer, gid_t group)
{
    gid_t *groups = NULL;
    socklen_t size = 0;
    int result;

    if (!peer->known)
        return false;
    if (peer->gid == group)
        return true;
    /* Asked twice: the first time for the size. The groups of a connection never change. */
    result = getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size);
    if (result != 0 && errno == ENOPROTOOPT) /* Linux before 4.13 */
        return user_in_group(peer, group);
    groups = mem_new(size);
    result = getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
    bool found = result == 0 && contains(groups, size / sizeof *groups, group);
    free(groups);
    return found;
}
