#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- who may write it --- */

/*
 * Who may change the file says what is deleted. What everybody may write is refused, and so is what
 * a group may that is neither root's nor ours (sudo's rule). The rest is a warning, because it is
 * usual: a file of another user in a container's volume, a umask of 002 where each user has a group
 * of his own, the folder of a ConfigMap, which is open to all.
 */
static bool check_mode(const char *path, const struct stat *status, struct err *err)
{
    bool by_group =
        (status->st_mode & S_IWGRP) != 0 && status->st_gid != 0 && status->st_gid != getegid();

    if ((status->st_mode & S_IWOTH) == 0 && !by_group)
        return true;
    return err_set(err, "%s: %s may write it, and so say what is deleted; run: chmod go-w %s", path,
                   by_group ? "its group" : "everybody", path);
}

static void warn_of_file(const char *path, const struct stat *status, struct text *warning)
{
    if (status->st_uid != 0 && status->st_uid != geteuid())
        text_addf(warning, "%s belongs to another user, who can say what is deleted", path);
    else if ((status->st_mode & S_IWGRP) != 0)
        text_addf(warning,
                  "%s can be written by its group, who can say what is deleted; run: chmod "
                  "g-w %s",
                  path, path);
}

/* With the sticky bit, as in /tmp, nobody can put another file in its place. */
static void warn_of_folder(const char *path, struct text *warning)
{
    char *copy = text_copy(path);
    const char *folder = dirname(copy);
    struct stat status;

    if (warning->length == 0 && stat(folder, &status) == 0 && (status.st_mode & S_ISVTX) == 0 &&
        (status.st_mode & S_IWOTH) != 0)
        text_addf(warning,
                  "everybody can write in %s and put another file in place of %s, and so "
                  "say what is deleted; run: chmod o-w %s",
                  folder, path, folder);
    free(copy);
}

void file_warning(const char *path, struct text *warning)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return;
    warn_of_file(path, &status, warning);
    warn_of_folder(path, warning);
}

/* --- the file --- */

static bool check_kind(const char *path, int fd, struct err *err)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return err_set(err, "%s: can't be examined: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return err_set(err, "%s: is a directory; name the file in it", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, "%s: is not a regular file", path);
    return check_mode(path, &status, err);
}

static bool read_all(const char *path, int fd, struct text *bytes, struct err *err)
{
    char piece[16 * 1024];

    for (;;) {
        ssize_t got = read(fd, piece, sizeof piece);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, "%s: can't be read: %s", path, strerror(errno));
        if (got == 0)
            return true;
        text_add_bytes(bytes, piece, (size_t)got);
        if (bytes->length > CONFIG_FILE_MAX)
            return err_set(err, "%s: is larger than 1 MiB; this is not a configuration file", path);
    }
}

bool file_read(const char *path, struct text *bytes, struct err *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    bool done;

    if (fd < 0)
        return err_set(err, "%s: can't be opened: %s", path, strerror(errno));
    done = check_kind(path, fd, err) && read_all(path, fd, bytes, err);
    close(fd);
    return done;
}
