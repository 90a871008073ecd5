#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

#include "c_door.h"
#include "swiftconv.h"

// One test at a time uses it (the suite is serialized).
static char check_text[1024];

#define CHECK(condition)                                                                                            \
    do {                                                                                                            \
        if (!(condition)) {                                                                                         \
            snprintf(check_text, sizeof check_text, "%s:%d: %s (last message: %s)", __FILE__, __LINE__, #condition, \
                     sc_last_error_message());                                                                      \
            return check_text;                                                                                      \
        }                                                                                                           \
    } while (0)
#define CHECK_OK(call) CHECK((call) == SC_OK)
// The call fails with `status`, and the message holds `words`.
#define CHECK_FAILS(call, status, words) CHECK((call) == (status) && strstr(sc_last_error_message(), (words)) != NULL)

// A spec of float32.
static inline sc_spec spec_of(int32_t rank, int64_t a, int64_t b, int64_t c, int64_t d) {
    sc_spec spec = {SC_FLOAT32, rank, {a, b, c, d}};
    return spec;
}

#endif
