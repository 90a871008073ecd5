#define _GNU_SOURCE
#include "cshims.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

// Blocks of some pages begin at different places of a page, in turn: a load that follows a store to another block at the same distance from
// the start of a page waits for it, for processors first compare these twelve bits of addresses ("4K aliasing").
#define PAGE ((uint64_t)4096)
#define FEWEST_PAGES 4
static uint64_t next_place(void) {
    static _Atomic uint32_t count;
    return (uint64_t)(atomic_fetch_add_explicit(&count, 1, memory_order_relaxed) * 5 % 16) * (PAGE / 16);
}
static int is_placed(uint64_t bytes) { return bytes >= FEWEST_PAGES * PAGE; }
static void *start_of(void *memory, uint64_t alignment) { return (void *)((uintptr_t)memory & ~(uintptr_t)(alignment - 1)); }

// Blocks of at least two huge pages are mapped on a huge page's boundary, so that the kernel can back them with huge pages:
// one fault for 2 MiB instead of 512.
#define HUGE_PAGE ((uint64_t)2 << 20)

static int is_big(uint64_t bytes) { return bytes >= 2 * HUGE_PAGE; }
static uint64_t mapped_bytes(uint64_t bytes) { return (bytes + PAGE + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1); }

void *sc_memory_allocate(uint64_t bytes) {
    if (bytes > (uint64_t)1 << 47) return NULL;
    if (!is_placed(bytes)) {
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
    else free(is_placed(bytes) ? start_of(memory, PAGE) : memory);
}
