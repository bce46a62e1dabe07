#include "pgpurged/pauses.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static void add(struct pauses *pauses, const char *job)
{
    pauses->names = mem_grow(pauses->names, (pauses->count + 1) * sizeof *pauses->names);
    pauses->names[pauses->count++] = text_copy(job);
}

bool pauses_open(struct pauses *pauses, const char *folder, struct err *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    FILE *file;

    *pauses = (struct pauses){.path = text_format("%s/paused", folder)};
    file = fopen(pauses->path, "re");
    if (file == NULL && errno == ENOENT)
        return true;
    if (file == NULL)
        return err_set(err, "%s: %s; it is not known which jobs are paused", pauses->path,
                       strerror(errno));
    while ((length = getline(&line, &room, file)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '\0' && !pauses_have(pauses, line))
            add(pauses, line);
    }
    free(line);
    fclose(file);
    return true;
}

void pauses_close(struct pauses *pauses)
{
    for (size_t i = 0; i < pauses->count; i++)
        free(pauses->names[i]);
    free(pauses->names);
    free(pauses->path);
    *pauses = (struct pauses){0};
}

static size_t find(const struct pauses *pauses, const char *job)
{
    size_t i = 0;

    while (i < pauses->count && !text_equal(pauses->names[i], job))
        i++;
    return i;
}

bool pauses_have(const struct pauses *pauses, const char *job)
{
    return find(pauses, job) < pauses->count;
}

/* What lies there is not ours to write into: it may be a link that somebody else has made. */
static int create(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

static bool write_names(const struct pauses *pauses, const char *path)
{
    int fd = create(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written;

    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (size_t i = 0; i < pauses->count; i++)
        fprintf(file, "%s\n", pauses->names[i]);
    written = fflush(file) == 0 && fsync(fd) == 0;
    return fclose(file) == 0 && written;
}

/* Until its folder is synced, a crash of the machine may take the new name back. Some file systems
 * can't do that and need not. */
static bool sync_folder(const char *path)
{
    char *copy = text_copy(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP);
    int error = errno;

    if (fd >= 0)
        close(fd);
    free(copy);
    errno = error;
    return synced;
}

/* A whole new file in place of the old one: a crash leaves the one or the other. */
static bool save(const struct pauses *pauses, struct err *err)
{
    char *fresh = text_format("%s.new", pauses->path);
    bool saved =
        write_names(pauses, fresh) && rename(fresh, pauses->path) == 0 && sync_folder(pauses->path);

    if (!saved) {
        err_set(err, "%s: %s; a restart will end the pause (does state_directory exist?)",
                pauses->path, strerror(errno));
        unlink(fresh);
    }
    free(fresh);
    return saved;
}

bool pauses_set(struct pauses *pauses, const char *job, bool paused, struct err *err)
{
    size_t at = find(pauses, job);

    if (paused == (at < pauses->count))
        return true;
    if (paused) {
        add(pauses, job);
    } else {
        free(pauses->names[at]);
        pauses->names[at] = pauses->names[--pauses->count];
    }
    return save(pauses, err);
}
