#define _GNU_SOURCE
#include "cshims.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE ((uint64_t)SC_PAGE)
static uint64_t next_place(void) {
    static _Atomic uint32_t count;
    return sc_place_in_page(atomic_fetch_add_explicit(&count, 1, memory_order_relaxed));
}
static void *start_of(void *memory, uint64_t alignment) { return (void *)((uintptr_t)memory & ~(uintptr_t)(alignment - 1)); }

// Blocks of at least two huge pages are mapped on a huge page's boundary, so that the kernel can back them with huge pages:
// one fault for 2 MiB instead of 512.
#define HUGE_PAGE ((uint64_t)2 << 20)

static int is_big(uint64_t bytes) { return bytes >= 2 * HUGE_PAGE; }
static uint64_t mapped_bytes(uint64_t bytes) { return (bytes + PAGE + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1); }

void *sc_memory_allocate(uint64_t bytes) {
    if (bytes > (uint64_t)1 << 47) return NULL;
    if (!sc_is_placed(bytes)) {
        void *memory = NULL;
        return posix_memalign(&memory, 64, bytes ? bytes : 64) == 0 ? memory : NULL;
    }
    if (!is_big(bytes)) {
        void *memory = NULL;
        return posix_memalign(&memory, PAGE, bytes + PAGE) == 0 ? (char *)memory + next_place() : NULL;
    }
    uint64_t wanted = mapped_bytes(bytes), span = wanted + HUGE_PAGE;
    int saved = errno;
    char *start = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    if (start == MAP_FAILED) return NULL;
    uint64_t before = (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
    if (before) munmap(start, before);
    if (before != HUGE_PAGE) munmap(start + before + wanted, HUGE_PAGE - before);
#if defined(MADV_HUGEPAGE)
    // a last huge page of which little would be used is left to small ones
    madvise(start + before, (bytes + HUGE_PAGE / 2) & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
    errno = saved;
#endif
    return start + before + next_place();
}

void sc_memory_free(void *memory, uint64_t bytes) {
    if (!memory) return;
    if (is_big(bytes)) munmap(start_of(memory, HUGE_PAGE), mapped_bytes(bytes));
    else free(sc_is_placed(bytes) ? start_of(memory, PAGE) : memory);
}
