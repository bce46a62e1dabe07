#include "integration/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "integration/await.h"
#include "integration/die_with.h"

static void redirect_output(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (fd < 0)
        _exit(127);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void become(const struct spawn_user *user)
{
    if (setgroups(0, NULL) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0)
        _exit(127);
}

static void run_child(const struct spawn *spawn, pid_t parent)
{
    if (spawn->output != NULL)
        redirect_output(spawn->output);
    if (spawn->user != NULL)
        become(spawn->user);
    signal(SIGHUP, SIG_DFL); /* nohup(1) has it ignored, and a shell can't trap that */
    die_with(parent, spawn->death_signal);
    execv(spawn->argv[0], (char *const *)spawn->argv);
    fprintf(stderr, "%s: %s\n", spawn->argv[0], strerror(errno));
    _exit(127);
}

pid_t spawn(const struct spawn *spawn)
{
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(spawn, parent);
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    return pid;
}

bool spawn_ended(pid_t pid, int *code)
{
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid)
        return false;
    *code = WIFSIGNALED(status) ? SPAWN_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

struct waiting {
    pid_t pid;
    int *code;
};

static bool has_ended(void *arg)
{
    struct waiting *waiting = arg;
    return spawn_ended(waiting->pid, waiting->code);
}

bool spawn_wait(pid_t pid, int timeout_ms, int *code)
{
    struct waiting waiting = {pid, code};
    return await_quietly(has_ended, &waiting, timeout_ms);
}
