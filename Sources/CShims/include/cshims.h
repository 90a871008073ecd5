// What Swift cannot ask the operating system for directly.
#ifndef SC_CSHIMS_H
#define SC_CSHIMS_H

#include <stdint.h>

// The highest x86-64 level (1, 3 or 4; 2 counts as 1) whose instructions both the CPU and the operating system offer; 0 elsewhere.
int sc_cpu_x86_level(void);
// The processor's name, at most 48 characters and a NUL.
void sc_cpu_name(char out[49]);

#endif
