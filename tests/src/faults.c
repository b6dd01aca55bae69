/*
 * Faults on purpose: preloaded into a program (LD_PRELOAD), it does what the file named by F6_FAULTS says.
 *
 *   fsync       what is to be made durable fails (EIO)
 *   clock=N     the clock of the day stands N seconds ahead, or behind where N is negative
 *
 * An empty file, or none, means no fault. The file is looked at every time, so that a fault begins and ends at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* What the file says; straight from the system, as the functions of this library may be those that are replaced. */
static void fault(char *text, size_t size) {
    const char *path = getenv("F6_FAULTS");
    text[0] = '\0';
    if (path == NULL) return;
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    long length = syscall(SYS_read, file, text, size - 1);
    syscall(SYS_close, file);
    text[length < 0 ? 0 : length] = '\0';
}

static int cannot_sync(void) {
    char text[64];
    fault(text, sizeof text);
    if (strncmp(text, "fsync", 5) != 0) return 0;
    errno = EIO;
    return 1;
}

static long ahead(void) {
    char text[64];
    fault(text, sizeof text);
    return strncmp(text, "clock=", 6) == 0 ? strtol(text + 6, NULL, 10) : 0;
}

int fsync(int file) {
    return cannot_sync() ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
    return cannot_sync() ? -1 : (int)syscall(SYS_fdatasync, file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    if (failed == 0 && clock == CLOCK_REALTIME) now->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int failed = (int)syscall(SYS_gettimeofday, now, zone);
    if (failed == 0) now->tv_sec += ahead();
    return failed;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told != NULL) *told = now.tv_sec;
    return now.tv_sec;
}
