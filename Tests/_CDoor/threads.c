#include <stdlib.h>

#include "check.h"

enum { IMAGE = 4 * 12 * 12 * 8, FILTER = 3 * 3 * 8 * 16, OUT = 4 * 12 * 12 * 16 };

static int reports(sc_executable *executable, const char *text) {
    char *json = NULL;
    if (sc_executable_describe(executable, &json) != SC_OK) return 0;
    int found = strstr(json, text) != NULL;
    sc_string_release(json);
    return found;
}

// An executable that was made for one thread follows the number that is set later, with the same bits.
const char *c_door_threads(void) {
    static float image[IMAGE], first[OUT], again[OUT];
    for (int i = 0; i < IMAGE; i++) image[i] = (float)(i * 37 % 101) / 50 - 1;
    sc_graph *graph = NULL;
    CHECK_OK(sc_graph_create(&graph));
    sc_spec spec = spec_of(4, 4, 12, 12, 8);
    int32_t ids[2], y = -1, count = 1;
    CHECK_OK(sc_graph_placeholder(graph, &spec, &ids[0]));
    static float filter[FILTER];
    for (int i = 0; i < FILTER; i++) filter[i] = (float)(i * 53 % 89) / 44 - 1;
    spec = spec_of(4, 3, 3, 8, 16);
    CHECK_OK(sc_graph_constant(graph, &spec, filter, &ids[1]));
    sc_attribute same = {.key = "padding", .kind = SC_ATTRIBUTE_STRING, .count = 1, .string = "SAME"};
    sc_op *convolution = NULL;
    CHECK_OK(sc_op_create("conv2d", &same, 1, &convolution));
    CHECK_OK(sc_graph_apply(graph, convolution, ids, 2, &y, &count));

    int32_t before = sc_num_threads();
    CHECK_OK(sc_set_num_threads(1));
    sc_executable *executable = NULL;
    CHECK_OK(sc_executable_create(graph, ids, 1, &y, 1, &executable));
    const void *feeds[1] = {image};
    void *results[1] = {first};
    CHECK_OK(sc_executable_run(executable, feeds, results));
    CHECK(reports(executable, "\"threads\": 1"));
    results[0] = again;
    for (int threads = 4; threads >= 1; threads--) {
        CHECK_OK(sc_set_num_threads(threads));
        char text[32];
        snprintf(text, sizeof text, "\"threads\": %d", threads);
        CHECK(reports(executable, text));
        memset(again, 0xFF, sizeof again);
        CHECK_OK(sc_executable_run(executable, feeds, results));
        CHECK(memcmp(first, again, sizeof first) == 0);
    }
    CHECK_OK(sc_set_num_threads(before));
    sc_executable_release(executable);
    sc_op_release(convolution);
    sc_graph_release(graph);
    return NULL;
}
