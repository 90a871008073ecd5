#include <stdlib.h>

#include "check.h"

const char *c_door_variables(void) {
    sc_spec spec = spec_of(2, 2, 3, 0, 0);
    sc_variable *variable = NULL;
    CHECK_OK(sc_variable_create(&spec, &variable));
    float *data = sc_variable_data(variable);
    CHECK(data != NULL);
    for (int i = 0; i < 6; i++) CHECK(data[i] == 0);
    data[5] = 7;
    CHECK(((float *)sc_variable_data(variable))[5] == 7);
    sc_variable_touch(variable);
    sc_variable_touch(NULL);
    sc_variable_release(variable);
    sc_variable_release(NULL);
    CHECK(sc_variable_data(NULL) == NULL);
    CHECK_FAILS(sc_variable_create(NULL, &variable), SC_INVALID_ARGUMENT, "spec");
    CHECK_FAILS(sc_variable_create(&spec, NULL), SC_INVALID_ARGUMENT, "variable");
    spec = spec_of(2, -2, 3, 0, 0);
    CHECK_FAILS(sc_variable_create(&spec, &variable), SC_INVALID_ARGUMENT, "(-2, 3)");
    spec = spec_of(2, (int64_t)1 << 40, 1 << 20, 0, 0);
    CHECK(sc_variable_create(&spec, &variable) == SC_OUT_OF_MEMORY);
    CHECK(variable == NULL);
    return NULL;
}

// y = relu(x · 3), v ← v + Σ-free y: x placeholder, 3 a constant, v a variable.
const char *c_door_graphs(void) {
    sc_graph *graph = NULL;
    CHECK_OK(sc_graph_create(&graph));
    sc_spec spec = spec_of(2, 1, 4, 0, 0), read;
    int32_t x = -9, three = -9, v = -9;
    CHECK_OK(sc_graph_placeholder(graph, &spec, &x));
    float threes[4] = {3, 3, 3, 3};
    CHECK_OK(sc_graph_constant(graph, &spec, threes, &three));
    threes[0] = 100;  // copied
    sc_variable *variable = NULL;
    CHECK_OK(sc_variable_create(&spec, &variable));
    CHECK_OK(sc_graph_variable(graph, variable, &v));
    CHECK(x == 0 && three == 1 && v == 2);

    sc_op *multiply = NULL, *relu = NULL, *add = NULL;
    CHECK_OK(sc_op_create("multiply", NULL, 0, &multiply));
    CHECK_OK(sc_op_create("relu", NULL, 0, &relu));
    CHECK_OK(sc_op_create("add", NULL, 0, &add));
    int32_t ids[2] = {x, three}, product = -9, y = -9, sum = -9, count = 1;
    CHECK_OK(sc_graph_label(graph, "first"));
    CHECK_OK(sc_graph_apply(graph, multiply, ids, 2, &product, &count));
    CHECK_OK(sc_graph_label(graph, NULL));
    CHECK(count == 1);
    CHECK_OK(sc_graph_apply(graph, relu, &product, 1, &y, &count));
    int32_t more[2] = {v, y};
    CHECK_OK(sc_graph_apply(graph, add, more, 2, &sum, &count));
    CHECK_OK(sc_graph_assign(graph, variable, sum));
    CHECK_OK(sc_graph_spec(graph, sum, &read));
    CHECK(read.dtype == SC_FLOAT32 && read.rank == 2 && read.shape[0] == 1 && read.shape[1] == 4);

    // dy/dx = 3 where x > 0; nothing flows to v from y.
    int32_t sources[2] = {x, v}, gradients[2] = {-9, -9}, no_seed = -1;
    CHECK_OK(sc_graph_gradient(graph, &y, &no_seed, 1, sources, 2, gradients));
    CHECK(gradients[0] >= 0 && gradients[1] == -1);
    int32_t seeded[2] = {-9, -9};
    CHECK_OK(sc_graph_gradient(graph, &y, &three, 1, sources, 2, seeded));
    CHECK(seeded[0] >= 0);
    int32_t unseeded = -9;
    CHECK_OK(sc_graph_gradient(graph, &y, NULL, 1, sources, 1, &unseeded));
    CHECK(unseeded >= 0);

    char *json = NULL;
    CHECK_OK(sc_graph_describe(graph, &json));
    CHECK(strstr(json, "\"multiply\"") != NULL);
    sc_string_release(json);

    int32_t fetches[4] = {y, gradients[0], seeded[0], unseeded};
    sc_executable *executable = NULL;
    CHECK_OK(sc_executable_create(graph, &x, 1, fetches, 4, &executable));
    float in[4] = {-1, 2, -3, 4}, out[4][4];
    const void *feed[1] = {in};
    void *results[4] = {out[0], out[1], out[2], out[3]};
    for (int run = 1; run <= 2; run++) {
        CHECK_OK(sc_executable_run(executable, feed, results));
        for (int i = 0; i < 4; i++) {
            float expected = in[i] > 0 ? 3 * in[i] : 0, slope = in[i] > 0 ? 3 : 0;
            CHECK(out[0][i] == expected && out[1][i] == slope && out[2][i] == 3 * slope && out[3][i] == slope);
            CHECK(((float *)sc_variable_data(variable))[i] == (float)run * expected);
        }
    }
    CHECK_OK(sc_executable_describe(executable, &json));
    CHECK(strstr(json, "\"arena_bytes\"") != NULL);
    CHECK(strstr(json, "\"labels\": [\"first\"]") != NULL);
    sc_string_release(json);

    // The same run with times: room for too few nodes is refused and nothing is run.
    int64_t times[64];
    for (int i = 0; i < 64; i++) times[i] = -1;
    int32_t room = 0;
    CHECK_FAILS(sc_executable_profile(executable, feed, results, times, &room), SC_INVALID_ARGUMENT, "count");
    CHECK(room > 0 && room < 64 && times[0] == -1);
    int32_t nodes = room;
    CHECK(((float *)sc_variable_data(variable))[1] == 12);
    CHECK_OK(sc_executable_profile(executable, feed, results, times, &room));
    CHECK(room == nodes && times[nodes] == -1 && ((float *)sc_variable_data(variable))[1] == 18);
    for (int i = 0; i < nodes; i++) CHECK(times[i] >= 0);
    CHECK(sc_executable_profile(NULL, feed, results, times, &room) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_profile(executable, feed, results, NULL, &room) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_profile(executable, feed, results, times, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_label(NULL, "x") == SC_INVALID_ARGUMENT);

    // Bad input.
    CHECK_FAILS(sc_executable_run(NULL, feed, results), SC_INVALID_ARGUMENT, "executable");
    CHECK(sc_executable_run(executable, NULL, results) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_run(executable, feed, NULL) == SC_INVALID_ARGUMENT);
    feed[0] = NULL;
    CHECK(sc_executable_run(executable, feed, results) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_describe(NULL, &json) == SC_INVALID_ARGUMENT);
    sc_executable_release(executable);
    sc_executable_release(NULL);
    CHECK(sc_graph_create(NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_placeholder(NULL, &spec, &x) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_placeholder(graph, NULL, &x) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_placeholder(graph, &spec, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_constant(graph, &spec, NULL, &three) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_constant(NULL, &spec, threes, &three) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_variable(graph, NULL, &v) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_variable(NULL, variable, &v) == SC_INVALID_ARGUMENT);
    count = 0;
    CHECK_FAILS(sc_graph_apply(graph, multiply, ids, 2, &product, &count), SC_INVALID_ARGUMENT, "expected room for 1");
    CHECK(count == 1);
    ids[1] = 1000;
    CHECK_FAILS(sc_graph_apply(graph, multiply, ids, 2, &product, &count), SC_INVALID_ARGUMENT, "1000");
    ids[1] = -1;
    CHECK(sc_graph_apply(graph, multiply, ids, 2, &product, &count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_apply(graph, NULL, ids, 2, &product, &count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_apply(graph, multiply, NULL, 2, &product, &count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_apply(graph, multiply, ids, -2, &product, &count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_assign(graph, variable, 1000) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_assign(graph, NULL, sum) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_spec(graph, 1000, &read) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_spec(graph, -1, &read) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_spec(graph, 0, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_describe(NULL, &json) == SC_INVALID_ARGUMENT);
    int32_t bad = 1000;
    CHECK(sc_graph_gradient(graph, &bad, NULL, 1, sources, 2, gradients) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_gradient(graph, &y, &bad, 1, sources, 2, gradients) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_gradient(graph, &y, NULL, 1, &bad, 1, gradients) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_gradient(graph, &y, NULL, 1, sources, 2, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_gradient(graph, &y, NULL, -1, sources, 2, gradients) == SC_INVALID_ARGUMENT);

    sc_op_release(multiply);
    sc_op_release(relu);
    sc_op_release(add);
    sc_graph_release(graph);
    sc_graph_release(NULL);
    CHECK(((float *)sc_variable_data(variable))[1] == 18);  // outlives graph and executable
    sc_variable_release(variable);
    return NULL;
}

const char *c_door_executables(void) {
    sc_graph *graph = NULL;
    sc_executable *executable = NULL;
    CHECK_OK(sc_graph_create(&graph));
    sc_spec spec = spec_of(1, 2, 0, 0, 0), other = spec_of(1, 3, 0, 0, 0);
    int32_t a = -1, b = -1;
    CHECK_OK(sc_graph_placeholder(graph, &spec, &a));
    CHECK_OK(sc_graph_placeholder(graph, &other, &b));
    int32_t feeds[2] = {b, a}, fetches[3] = {a, b, a};
    CHECK_OK(sc_executable_create(graph, feeds, 2, fetches, 3, &executable));
    float va[2] = {1, 2}, vb[3] = {3, 4, 5}, ra[2], rb[3], rc[2];
    const void *in[2] = {vb, va};
    void *out[3] = {ra, rb, rc};
    CHECK_OK(sc_executable_run(executable, in, out));
    CHECK(ra[1] == 2 && rb[2] == 5 && rc[0] == 1);
    sc_executable_release(executable);

    CHECK(sc_executable_create(NULL, feeds, 2, fetches, 3, &executable) == SC_INVALID_ARGUMENT);
    CHECK(executable == NULL);
    CHECK(sc_executable_create(graph, NULL, 2, fetches, 3, &executable) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_create(graph, feeds, -2, fetches, 3, &executable) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_create(graph, feeds, 2, NULL, 3, &executable) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_create(graph, feeds, 2, fetches, -3, &executable) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_create(graph, feeds, 2, fetches, 3, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_executable_create(graph, feeds, 1, fetches, 3, &executable) == SC_INVALID_ARGUMENT);  // a is not fed
    fetches[2] = 77;
    CHECK(sc_executable_create(graph, feeds, 2, fetches, 3, &executable) == SC_INVALID_ARGUMENT);
    sc_graph_release(graph);
    return NULL;
}
