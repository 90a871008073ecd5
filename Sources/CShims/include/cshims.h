// What Swift cannot ask the operating system for directly: CPUID, affinity, atomics, waiting on a word, threads, thread-local text.
// All of it is hidden: nothing here is exported from a shared library.
#ifndef SC_CSHIMS_H
#define SC_CSHIMS_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

// ---- CPU (cpu.c) -----------------------------------------------------------------------------------------------------------
// The highest x86-64 level (1, 3 or 4; 2 counts as 1) whose instructions both the CPU and the operating system offer; 0 elsewhere.
int sc_cpu_x86_level(void);
/// Whether processor and operating system have AVX's vectors of 256 bits; 0 elsewhere than on x86-64.
int sc_cpu_has_avx(void);
// The processor's name, at most 48 characters and a NUL.
void sc_cpu_name(char out[49]);
// The version text of the C compiler that built this file (on Linux the one that comes with Swift).
const char *sc_c_compiler(void);
// Bytes of the first processor's data cache of level 1, 2 or 3; a common size where the system does not say.
long sc_cache_bytes(int level);
// Processors that the operating system has switched on; at least 1.
int sc_cpu_count(void);
// Processors on which this process may run (sched_getaffinity); 0 where the system does not say.
int sc_cpu_affinity_count(void);

// ---- files (cpu.c) ---------------------------------------------------------------------------------------------------------
// Reads at most `capacity` bytes of the file at `path`; the number of bytes, or -1.
long sc_read_file(const char *path, char *out, long capacity);
// Replaces the file at `path` by `count` bytes, through a temporary file beside it; makes the last two missing folders. 0, or -1.
int sc_write_file(const char *path, const char *data, long count);
// The file that the code at `address` was loaded from, or NULL.
const char *sc_library_of(const void *address);

// ---- threads (threads.c) -----------------------------------------------------------------------------------------------------
// Starts a detached thread that takes no signals. 0, or an errno.
int sc_thread_start(void (*body)(void *), void *context, const char *name);
// Calls `prepare` before a fork, `parent` and `child` after it.
int sc_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
// Sleeps while `*word == expected`, until sc_wake (or for no reason).
void sc_wait(uint32_t *word, uint32_t expected);
// Wakes one or all of those who sleep on `word`.
void sc_wake(uint32_t *word, int all);
// Nanoseconds of a clock that only moves forward.
uint64_t sc_nanoseconds(void);

// ---- this thread's (threads.c) -------------------------------------------------------------------------------------------------
// A number that no other thread of this process has at the moment; not 0.
uintptr_t sc_thread_identity(void);
// The text last set on this thread, or "".
const char *sc_message_get(void);
void sc_message_set(const char *text);
// A pointer for this thread alone, NULL at first.
const void *sc_thread_table_get(void);
void sc_thread_table_set(const void *table);

// ---- memory (memory.c) ---------------------------------------------------------------------------------------------------------
// `bytes` bytes at a multiple of 64, or NULL. Big blocks come in 2 MiB pages where the system has them. Free with the same size.
void *sc_memory_allocate(uint64_t bytes);
void sc_memory_free(void *memory, uint64_t bytes);

// Blocks of some pages begin at different places of a page, in turn: a load that follows a store to another block at the same distance from
// the start of a page waits for it, for processors first compare these twelve bits of addresses ("4K aliasing").
#define SC_PAGE 4096
static inline bool sc_is_placed(uint64_t bytes) { return bytes >= 4 * SC_PAGE; }
// Where in its page the block of this number begins.
static inline uint64_t sc_place_in_page(uint64_t number) { return number * 5 % 16 * (SC_PAGE / 16); }

// ---- loops over elements (elements.c): optimised in debug builds too ------------------------------------------------------------------
// mask[i] = whether the low half of words[i] is at least `threshold`, y[i] = mask[i] ? x[i] * scale : 0; y may be x.
void sc_dropout_float32(intptr_t count, const uint64_t *words, uint64_t threshold, float scale, const float *x, float *y, uint8_t *mask);
void sc_dropout_float64(intptr_t count, const uint64_t *words, uint64_t threshold, double scale, const double *x, double *y, uint8_t *mask);
// dx[i] = mask[i] ? dy[i] * scale : 0; dx may be dy.
void sc_dropout_backward_float32(intptr_t count, const uint8_t *mask, float scale, const float *dy, float *dx);
void sc_dropout_backward_float64(intptr_t count, const uint8_t *mask, double scale, const double *dy, double *dx);

// ---- a lock that survives fork(): 0 free, 1 held, 2 held and awaited ----------------------------------------------------------------
void sc_lock(uint32_t *word);
void sc_unlock(uint32_t *word);

#pragma GCC visibility pop

// ---- atomics ---------------------------------------------------------------------------------------------------------------
static inline uint32_t sc_atomic_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void sc_atomic_store(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t sc_atomic_exchange(uint32_t *word, uint32_t value) { return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t sc_atomic_add(uint32_t *word, uint32_t value) { return __atomic_fetch_add(word, value, __ATOMIC_SEQ_CST); }
static inline uint32_t sc_atomic_subtract(uint32_t *word, uint32_t value) { return __atomic_fetch_sub(word, value, __ATOMIC_SEQ_CST); }
static inline int sc_atomic_compare_exchange(uint32_t *word, uint32_t expected, uint32_t desired) {
    return __atomic_compare_exchange_n(word, &expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline const void *sc_atomic_load_pointer(const void *const *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void sc_atomic_store_pointer(const void **word, const void *value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

// Tells the processor that this thread is spinning.
static inline void sc_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

// After it, other threads see what was written past the caches (the kernel `stream`) as if by ordinary stores.
static inline void sc_stream_fence(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

// ---- floating-point state ------------------------------------------------------------------------------------------------------
// The state every kernel runs in: round to nearest, no traps, denormals flushed to zero.
#if defined(__x86_64__)
#define SC_FP_KERNEL 0x9FC0u
static inline uint64_t sc_fp_get(void) { return __builtin_ia32_stmxcsr(); }
static inline void sc_fp_set(uint64_t state) { __builtin_ia32_ldmxcsr((unsigned int)state); }
// The sticky exception flags (bits 0-5) are not part of the state that results depend on.
static inline int sc_fp_is_kernel(uint64_t state) { return (state & 0xFFC0u) == SC_FP_KERNEL; }
#elif defined(__aarch64__)
#define SC_FP_KERNEL (1u << 24)
static inline uint64_t sc_fp_get(void) {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
}
static inline void sc_fp_set(uint64_t state) { __asm__ volatile("msr fpcr, %0" ::"r"(state)); }
static inline int sc_fp_is_kernel(uint64_t state) { return state == SC_FP_KERNEL; }
#else
#define SC_FP_KERNEL 0u
static inline uint64_t sc_fp_get(void) { return 0; }
static inline void sc_fp_set(uint64_t state) { (void)state; }
static inline int sc_fp_is_kernel(uint64_t state) { return 1; }
#endif

// Enters the kernels' state; returns what sc_fp_leave needs to restore the caller's.
static inline uint64_t sc_fp_enter(void) {
    uint64_t saved = sc_fp_get();
    if (!sc_fp_is_kernel(saved)) sc_fp_set(SC_FP_KERNEL);
    return saved;
}
static inline void sc_fp_leave(uint64_t saved) {
    if (!sc_fp_is_kernel(saved)) sc_fp_set(saved);
}

#endif
