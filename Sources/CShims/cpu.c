#include "cshims.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

int sc_cpu_x86_level(void) {
    // libgcc's and compiler-rt's feature word includes the XGETBV check of the saved register state.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
    return 1;
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

void sc_cpu_name(char out[49]) { strcpy(out, "unknown"); }
#endif
