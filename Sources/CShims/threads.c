#define _GNU_SOURCE
#include "cshims.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

// ---- threads ---------------------------------------------------------------------------------------------------------------
struct start {
    void (*body)(void *);
    void *context;
    char name[16];  // the kernel's limit, NUL included
};

static void *start_body(void *raw) {
    struct start start = *(struct start *)raw;
    free(raw);
#if defined(__linux__)
    pthread_setname_np(pthread_self(), start.name);
#endif
    start.body(start.context);
    return NULL;
}

int sc_thread_start(void (*body)(void *), void *context, const char *name) {
    struct start *start = malloc(sizeof *start);
    if (!start) return ENOMEM;
    start->body = body;
    start->context = context;
    strncpy(start->name, name, sizeof start->name - 1);
    start->name[sizeof start->name - 1] = 0;

    pthread_attr_t attributes;
    int status = pthread_attr_init(&attributes);
    if (status != 0) {
        free(start);
        return status;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    // The same on every system (musl's default is 128 KiB); only what is touched is real.
    pthread_attr_setstacksize(&attributes, 4 << 20);

    // A thread inherits the mask: Ctrl-C and the like stay with the threads that expect them.
    sigset_t all, saved;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    pthread_t thread;
    status = pthread_create(&thread, &attributes, start_body, start);
    pthread_sigmask(SIG_SETMASK, &saved, NULL);
    pthread_attr_destroy(&attributes);
    if (status != 0) free(start);
    return status;
}

int sc_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void)) { return pthread_atfork(prepare, parent, child); }

uint64_t sc_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// ---- waiting on a word -------------------------------------------------------------------------------------------------------
#if defined(__linux__)
void sc_wait(uint32_t *word, uint32_t expected) {
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
    errno = saved;
}

void sc_wake(uint32_t *word, int all) {
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, all ? 0x7FFFFFFF : 1, NULL, NULL, 0);
    errno = saved;
}
#else
// One queue for all words: wake-ups are spurious for the others, who look again.
static pthread_mutex_t wait_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_condition = PTHREAD_COND_INITIALIZER;

void sc_wait(uint32_t *word, uint32_t expected) {
    pthread_mutex_lock(&wait_mutex);
    if (sc_atomic_load(word) == expected) pthread_cond_wait(&wait_condition, &wait_mutex);
    pthread_mutex_unlock(&wait_mutex);
}

void sc_wake(uint32_t *word, int all) {
    (void)word, (void)all;
    pthread_mutex_lock(&wait_mutex);
    pthread_cond_broadcast(&wait_condition);
    pthread_mutex_unlock(&wait_mutex);
}
#endif

// ---- lock ------------------------------------------------------------------------------------------------------------------
void sc_lock(uint32_t *word) {
    if (sc_atomic_compare_exchange(word, 0, 1)) return;
    for (int i = 0; i < 100; i++) {
        sc_spin_hint();
        if (sc_atomic_load(word) == 0 && sc_atomic_compare_exchange(word, 0, 1)) return;
    }
    while (sc_atomic_exchange(word, 2) != 0) sc_wait(word, 2);
}

void sc_unlock(uint32_t *word) {
    if (sc_atomic_exchange(word, 0) == 2) sc_wake(word, 0);
}

// ---- this thread's ---------------------------------------------------------------------------------------------------------
static __thread char *message;
static __thread const void *table;
static pthread_key_t message_key;
static pthread_once_t message_once = PTHREAD_ONCE_INIT;
static int message_key_made;

static void message_free(void *text) {
    message = NULL;
    free(text);
}
static void make_message_key(void) { message_key_made = pthread_key_create(&message_key, message_free) == 0; }

const char *sc_message_get(void) { return message ? message : ""; }

void sc_message_set(const char *text) {
    pthread_once(&message_once, make_message_key);
    char *copy = strdup(text);
    free(message);
    message = copy;  // NULL reads as "": no memory for the words either
    if (message_key_made) pthread_setspecific(message_key, message);
}

uintptr_t sc_thread_identity(void) { return (uintptr_t)&message; }

const void *sc_thread_table_get(void) { return table; }
void sc_thread_table_set(const void *value) { table = value; }
