#define _GNU_SOURCE
#include "cshims.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

#if defined(__x86_64__)
#include <cpuid.h>

int sc_cpu_x86_level(void) {
    // libgcc's and compiler-rt's feature word includes the XGETBV check of the saved register state.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
    return 1;
}

int sc_cpu_has_avx(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx") != 0;
}

void sc_cpu_name(char out[49]) {
    unsigned int words[12];
    memset(words, 0, sizeof words);
    if (__get_cpuid_max(0x80000000u, 0) >= 0x80000004u)
        for (unsigned int i = 0; i < 3; i++)
            __cpuid(0x80000002u + i, words[4 * i], words[4 * i + 1], words[4 * i + 2], words[4 * i + 3]);
    memcpy(out, words, 48);
    out[48] = 0;
}
#else
int sc_cpu_x86_level(void) { return 0; }

int sc_cpu_has_avx(void) { return 0; }

void sc_cpu_name(char out[49]) { strcpy(out, "unknown"); }
#endif

const char *sc_c_compiler(void) { return __VERSION__; }

int sc_cpu_count(void) {
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

int sc_cpu_affinity_count(void) {
#if defined(__linux__)
    // The kernel refuses a mask shorter than its own: grow until it fits.
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 4) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set) return 0;
        size_t size = CPU_ALLOC_SIZE(cpus);
        CPU_ZERO_S(size, set);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -1;
        CPU_FREE(set);
        if (count > 0) return count;
    }
#endif
    return 0;
}

long sc_read_file(const char *path, char *out, long capacity) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    long total = 0;
    while (total < capacity) {
        long got = read(file, out + total, (size_t)(capacity - total));
        if (got < 0) total = -1;
        if (got <= 0) break;
        total += got;
    }
    close(file);
    return total;
}

// Makes the folder of `path`, and that folder's folder.
static void make_folders(const char *path) {
    char folder[4096];
    size_t length = strlen(path);
    if (length >= sizeof folder) return;
    memcpy(folder, path, length + 1);
    char *last = strrchr(folder, '/');
    if (!last || last == folder) return;
    *last = 0;
    if (mkdir(folder, 0700) == 0 || errno != ENOENT) return;
    char *before = strrchr(folder, '/');
    if (!before || before == folder) return;
    *before = 0;
    mkdir(folder, 0700);
    *before = '/';
    mkdir(folder, 0700);
}

int sc_write_file(const char *path, const char *data, long count) {
    make_folders(path);
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    if (length < 0 || length >= (int)sizeof temporary) return -1;
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return -1;
    long done = 0;
    while (done < count) {
        long wrote = write(file, data + done, (size_t)(count - done));
        if (wrote <= 0) break;
        done += wrote;
    }
    int status = close(file);
    if (status == 0 && done == count && rename(temporary, path) == 0) return 0;
    unlink(temporary);
    return -1;
}

// The number of /sys/devices/system/cpu/cpu0/cache/index`index`/`name` ("32K", "2"); 0 where there is none. The first letter is kept.
static long cache_entry(int index, const char *name, char *letter) {
    char path[128], text[32];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    long count = sc_read_file(path, text, sizeof text - 1);
    if (count <= 0) return 0;
    text[count] = 0;
    *letter = text[0];
    char *end;
    long value = strtol(text, &end, 10);
    return *end == 'K' ? value << 10 : *end == 'M' ? value << 20 : value;
}

long sc_cache_bytes(int level) {
    static const long common[] = {32L << 10, 512L << 10, 8L << 20};
    if (level < 1 || level > 3) return 0;
    for (int index = 0; index < 8; index++) {
        char letter = 0;
        if (cache_entry(index, "level", &letter) != level) continue;
        cache_entry(index, "type", &letter);
        if (letter == 'I') continue;  // instructions
        long bytes = cache_entry(index, "size", &letter);
        if (bytes > 0) return bytes;
    }
    return common[level - 1];
}

const char *sc_library_of(const void *address) {
    Dl_info information;
    return dladdr((void *)(uintptr_t)address, &information) ? information.dli_fname : NULL;
}
