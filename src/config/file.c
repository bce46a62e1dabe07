#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool check_kind(const char *path, int fd, struct err *err)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return err_set(err, "%s: can't be examined: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return err_set(err, "%s: is a directory; name the file in it", path);
    if (!S_ISREG(status.st_mode))
        return err_set(err, "%s: is not a regular file", path);
    return true;
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
