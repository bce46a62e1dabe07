/* Making sockets: what may be replaced at a path and what never is. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "http.h"
#include "net/listen.h"

static char *folder, *path;

static void make_folder(void)
{
    folder = folder_make();
    path = text_format("%s/socket", folder);
}

static void remove_folder(void)
{
    free(path);
    folder_remove(folder);
}

static int bound_socket(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);

    strcpy(address.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static ino_t inode_at(const char *where)
{
    struct stat there;

    return lstat(where, &there) == 0 ? there.st_ino : 0;
}

/* Nothing can be made at `path`, the reason holds `reason`, and what is there stays there. */
static void refused(const char *reason)
{
    ino_t before = inode_at(path);
    struct listen_file file;
    struct err err;

    ck_assert_int_ne(before, 0);
    ck_assert_int_eq(listen_unix(path, 0660, (gid_t)LISTEN_OUR_GROUP, &file, &err), -1);
    ck_assert_msg(strstr(err.text, reason) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, path) != NULL, "%s", err.text);
    ck_assert_uint_eq(inode_at(path), before);
    ck_assert_ptr_null(file.path);
}

START_TEST(a_socket_is_made_with_its_mode_and_group_and_removed_again)
{
    gid_t group = geteuid() == 0 ? 65534 : getegid();
    mode_t mask = umask(0077); /* whatever the mask of the daemon is */
    struct listen_file file;
    struct stat made;
    struct err err;
    int fd = listen_unix(path, 0660, group, &file, &err);

    ck_assert_msg(fd >= 0, "%s", err.text);
    ck_assert_int_eq(lstat(path, &made), 0);
    ck_assert_uint_eq(made.st_mode, S_IFSOCK | 0660);
    ck_assert_uint_eq(made.st_gid, group);
    ck_assert_uint_eq(umask(mask), 0077);
    listen_file_remove(&file);
    ck_assert_uint_eq(inode_at(path), 0);
    close(fd);
}
END_TEST

START_TEST(a_socket_that_cannot_be_given_to_its_group_is_not_left_behind)
{
    struct listen_file file;
    struct err err;

    if (geteuid() == 0) { /* root can give it to anyone */
        ck_assert_int_eq(chmod(folder, 0777), 0);
        ck_assert_int_eq(setegid(65534), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_int_eq(listen_unix(path, 0660, 7777, &file, &err), -1);
    ck_assert_msg(strstr(err.text, "to group 7777") != NULL, "%s", err.text);
    ck_assert_uint_eq(inode_at(path), 0);
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
        ck_assert_int_eq(setegid(0), 0);
    }
}
END_TEST

START_TEST(a_stale_socket_of_ours_is_replaced)
{
    struct listen_file file;
    struct err err;
    int fd;

    close(bound_socket(SOCK_STREAM));
    fd = listen_unix(path, 0660, (gid_t)LISTEN_OUR_GROUP, &file, &err);
    ck_assert_msg(fd >= 0, "%s", err.text);
    listen_file_remove(&file);
    close(fd);
}
END_TEST

START_TEST(a_socket_in_use_is_refused)
{
    struct listen_file first_file;
    struct err err;
    int first = listen_unix(path, 0660, (gid_t)LISTEN_OUR_GROUP, &first_file, &err);

    refused("is in use");
    listen_file_remove(&first_file);
    close(first);
}
END_TEST

/* connect() says EAGAIN then and not that it is refused. */
START_TEST(a_socket_in_use_with_a_full_backlog_is_refused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = bound_socket(SOCK_STREAM), clients[8];

    strcpy(address.sun_path, path);
    ck_assert_int_eq(listen(fd, 1), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(clients[i], (struct sockaddr *)&address, sizeof address) != 0)
            ck_assert_int_eq(errno, EAGAIN);
    }
    refused("is in use");
    for (size_t i = 0; i < ARRAY_LENGTH(clients); i++)
        close(clients[i]);
    close(fd);
}
END_TEST

START_TEST(a_socket_of_another_kind_is_refused)
{
    int fd = bound_socket(SOCK_DGRAM);

    refused("another program may use it");
    close(fd);
}
END_TEST

START_TEST(a_stale_socket_of_another_user_is_refused)
{
    if (geteuid() != 0) {
        puts("SKIP: a_stale_socket_of_another_user_is_refused needs root");
        return;
    }
    close(bound_socket(SOCK_STREAM));
    ck_assert_int_eq(lchown(path, 65534, (gid_t)-1), 0);
    refused("belongs to another user");
}
END_TEST

START_TEST(a_regular_file_is_refused)
{
    close(open(path, O_CREAT | O_WRONLY, 0600));
    refused("is not a socket");
}
END_TEST

START_TEST(a_folder_is_refused)
{
    ck_assert_int_eq(mkdir(path, 0700), 0);
    refused("is not a socket");
}
END_TEST

START_TEST(a_symlink_is_refused_even_to_a_stale_socket)
{
    char *target = text_format("%s/target", folder);

    close(bound_socket(SOCK_STREAM));
    ck_assert_int_eq(rename(path, target), 0);
    ck_assert_int_eq(symlink(target, path), 0);
    refused("is not a socket");
    ck_assert_uint_ne(inode_at(target), 0);
    free(target);
}
END_TEST

START_TEST(a_folder_that_another_daemon_is_starting_in_is_refused)
{
    int other = open(folder, O_RDONLY | O_DIRECTORY);
    struct listen_file file;
    struct err err;

    ck_assert_int_eq(flock(other, LOCK_EX), 0);
    ck_assert_int_eq(listen_unix(path, 0660, (gid_t)LISTEN_OUR_GROUP, &file, &err), -1);
    ck_assert_msg(strstr(err.text, "is locked") != NULL, "%s", err.text);
    ck_assert_uint_eq(inode_at(path), 0);
    close(other);
}
END_TEST

START_TEST(a_file_that_took_our_place_is_not_removed)
{
    struct listen_file file;
    struct err err;
    int fd = listen_unix(path, 0660, (gid_t)LISTEN_OUR_GROUP, &file, &err);
    char *aside = text_format("%s/aside", folder);

    ck_assert_int_eq(rename(path, aside), 0); /* its inode stays taken */
    close(open(path, O_CREAT | O_WRONLY, 0600));
    listen_file_remove(&file);
    ck_assert_uint_ne(inode_at(path), 0);
    free(aside);
    close(fd);
}
END_TEST

START_TEST(a_path_that_cannot_be_is_refused)
{
    static const struct {
        const char *path, *reason;
    } cases[] = {
        {"", "write an absolute path"},
        {"socket", "write an absolute path"},
        {"/no/such/folder/socket", "/no/such/folder can't be used"},
        {"/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "89012345678901234567",
         "the maximum is 107 characters"},
    };
    struct listen_file file;
    struct err err;

    ck_assert_int_eq(listen_unix(cases[_i].path, 0660, (gid_t)LISTEN_OUR_GROUP, &file, &err), -1);
    ck_assert_msg(strstr(err.text, cases[_i].reason) != NULL, "%s", err.text);
}
END_TEST

static const struct {
    const char *address;
    bool good;
} tcp_cases[] = {
    {"127.0.0.1:0", true},   {"127.0.0.2:0", true},  {"0.0.0.0:0", true},     {"", false},
    {"127.0.0.1", false},    {"127.0.0.1:", false},  {":9788", false},        {"9788", false},
    {"localhost:0", false},  {"127.0.0.1:x", false}, {"127.0.0.1:-1", false}, {"::1:9788", false},
    {"[::1]", false},        {"[::1]:", false},      {"[]:0", false},         {"[::1:0", false},
    {"127.0.0.1:0 ", false}, {"192.0.2.1:0", false},
};

START_TEST(tcp_addresses_are_numbers_with_a_port)
{
    struct err err;
    int fd = listen_tcp(tcp_cases[_i].address, &err);

    ck_assert_msg((fd >= 0) == tcp_cases[_i].good, "\"%s\": %s", tcp_cases[_i].address,
                  fd >= 0 ? "taken" : err.text);
    if (fd >= 0)
        close(fd);
    else
        ck_assert_msg(strstr(err.text, tcp_cases[_i].address) != NULL, "%s", err.text);
}
END_TEST

START_TEST(a_tcp_port_in_use_is_refused)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char text[64], host[32], port[8];
    struct err err;
    int first = listen_tcp("127.0.0.1:0", &err);

    getsockname(first, (struct sockaddr *)&address, &size);
    ck_assert_int_eq(getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port,
                                 sizeof port, NI_NUMERICHOST | NI_NUMERICSERV),
                     0);
    snprintf(text, sizeof text, "%s:%s", host, port);
    ck_assert_int_eq(listen_tcp(text, &err), -1);
    ck_assert_msg(strstr(err.text, "Address already in use") != NULL, "%s", err.text);
    close(first);
}
END_TEST

Suite *http_listen_suite(void)
{
    Suite *suite = suite_create("http_listen");
    TCase *tcase = tcase_create("http_listen");

    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, a_socket_is_made_with_its_mode_and_group_and_removed_again);
    tcase_add_test(tcase, a_socket_that_cannot_be_given_to_its_group_is_not_left_behind);
    tcase_add_test(tcase, a_stale_socket_of_ours_is_replaced);
    tcase_add_test(tcase, a_socket_in_use_is_refused);
    tcase_add_test(tcase, a_socket_in_use_with_a_full_backlog_is_refused);
    tcase_add_test(tcase, a_socket_of_another_kind_is_refused);
    tcase_add_test(tcase, a_stale_socket_of_another_user_is_refused);
    tcase_add_test(tcase, a_regular_file_is_refused);
    tcase_add_test(tcase, a_folder_is_refused);
    tcase_add_test(tcase, a_symlink_is_refused_even_to_a_stale_socket);
    tcase_add_test(tcase, a_folder_that_another_daemon_is_starting_in_is_refused);
    tcase_add_test(tcase, a_file_that_took_our_place_is_not_removed);
    tcase_add_loop_test(tcase, a_path_that_cannot_be_is_refused, 0, 4);
    tcase_add_loop_test(tcase, tcp_addresses_are_numbers_with_a_port, 0, ARRAY_LENGTH(tcp_cases));
    tcase_add_test(tcase, a_tcp_port_in_use_is_refused);
    suite_add_tcase(suite, tcase);
    return suite;
}
