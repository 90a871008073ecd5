// The tutorial's network, trained for some steps from one seed: every door composes it by itself (pytests/test_doors.py says how it is
// made), and all must end with the same bits.
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "reference.h"

enum { BATCH = 64, SIDE = 28, CLASSES = 10, STEPS = 20, SEED = 20, WEIGHTS = 8, FLAT = 12 * 12 * 64 };

static sc_graph *graph;

static sc_spec spec_of(sc_dtype dtype, int rank, ...) {
    sc_spec spec = {.dtype = dtype, .rank = rank};
    va_list sizes;
    va_start(sizes, rank);
    for (int i = 0; i < rank; i++) spec.shape[i] = va_arg(sizes, int);
    va_end(sizes);
    return spec;
}

// The first output of an op with one attribute of integers, or none.
static int32_t node(const char *name, const char *key, const int64_t *ints, int count, int input_count, const int32_t *inputs) {
    sc_attribute attribute = {.key = key, .kind = SC_ATTRIBUTE_INTS, .count = count, .ints = ints};
    sc_op *op = NULL;
    int32_t outputs[4], output_count = 4;
    need(sc_op_create(name, &attribute, key != NULL, &op), name);
    need(sc_graph_apply(graph, op, inputs, input_count, outputs, &output_count), name);
    sc_op_release(op);
    return outputs[0];
}

static int32_t node1(const char *name, int32_t x) { return node(name, NULL, NULL, 0, 1, &x); }
static int32_t node3(const char *name, int32_t x, int32_t w, int32_t b) { return node(name, NULL, NULL, 0, 3, (int32_t[]){x, w, b}); }

// Evenly spread over low … high, by the generator's state (seed, 0).
static void uniform(float *out, const sc_spec *spec, double low, double high, int64_t seed) {
    const int64_t state[2] = {seed, 0};
    const sc_attribute attributes[4] = {
        {.key = "shape", .kind = SC_ATTRIBUTE_INTS, .count = spec->rank, .ints = spec->shape},
        {.key = "low", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &low},
        {.key = "high", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &high},
        {.key = "dtype", .kind = SC_ATTRIBUTE_STRING, .count = 1, .string = "float32"},
    };
    const sc_spec two = spec_of(SC_INT64, 1, 2);
    sc_op *op = NULL;
    sc_prepared *prepared = NULL;
    need(sc_op_create("random_uniform", attributes, 4, &op), "random_uniform");
    need(sc_op_prepare(op, &two, 1, &prepared), "random_uniform");
    need(sc_prepared_run(prepared, (const void *[]){state}, (void *[]){out}), "random_uniform");
    sc_prepared_release(prepared);
    sc_op_release(op);
}

static void batch(int step, float *x, int32_t *y) {
    const sc_spec spec = spec_of(SC_FLOAT32, 4, BATCH, SIDE, SIDE, 1);
    uniform(x, &spec, 0, 1, SEED + 100 + step);
    for (int i = 0; i < BATCH; i++) y[i] = (7 * i + 3 * step) % CLASSES;
}

// The logits for `x`, and the weights in `read`.
static int32_t network(int32_t x, sc_variable **weights, int32_t *read) {
    static const int64_t two[2] = {2, 2}, rows[2] = {BATCH, FLAT};
    for (int k = 0; k < WEIGHTS; k++) need(sc_graph_variable(graph, weights[k], &read[k]), "variable");
    int32_t y = node1("relu", node3("conv2d", x, read[0], read[1]));
    y = node1("relu", node3("conv2d", y, read[2], read[3]));
    const sc_attribute pool[2] = {{.key = "ksize", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two},
                                  {.key = "strides", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two}};
    sc_op *op = NULL;
    int32_t pooled, count = 1;
    need(sc_op_create("max_pool2d", pool, 2, &op), "max_pool2d");
    need(sc_graph_apply(graph, op, &y, 1, &pooled, &count), "max_pool2d");
    sc_op_release(op);
    y = node("reshape", "shape", rows, 2, 1, &pooled);
    y = node1("relu", node3("matmul", y, read[4], read[5]));
    return node3("matmul", y, read[6], read[7]);
}

// One Adam update for each weight; the slots begin at zero.
static void update(const int32_t *read, const int32_t *gradients, sc_variable **weights, sc_variable **slots, sc_variable *iterations) {
    static const float rate = 0.001f;
    static const int64_t one = 1;
    const sc_spec number = spec_of(SC_FLOAT32, 0), integer = spec_of(SC_INT64, 0);
    int32_t learning_rate, ones, before;
    need(sc_graph_constant(graph, &number, &rate, &learning_rate), "constant");
    need(sc_graph_constant(graph, &integer, &one, &ones), "constant");
    need(sc_graph_variable(graph, iterations, &before), "variable");
    int32_t step = node("add", NULL, NULL, 0, 2, (int32_t[]){before, ones});
    need(sc_graph_assign(graph, iterations, step), "assign");
    sc_op *adam = NULL;
    need(sc_op_create("adam_update", NULL, 0, &adam), "adam_update");
    for (int k = 0; k < WEIGHTS; k++) {
        int32_t m, v, new[3], count = 3;
        need(sc_graph_variable(graph, slots[2 * k], &m), "variable");
        need(sc_graph_variable(graph, slots[2 * k + 1], &v), "variable");
        const int32_t inputs[6] = {read[k], m, v, gradients[k], learning_rate, step};
        need(sc_graph_apply(graph, adam, inputs, 6, new, &count), "adam_update");
        need(sc_graph_assign(graph, weights[k], new[0]), "assign");
        need(sc_graph_assign(graph, slots[2 * k], new[1]), "assign");
        need(sc_graph_assign(graph, slots[2 * k + 1], new[2]), "assign");
    }
    sc_op_release(adam);
}

void run_training(void) {
    const sc_spec specs[WEIGHTS] = {
        spec_of(SC_FLOAT32, 4, 3, 3, 1, 32), spec_of(SC_FLOAT32, 1, 32), spec_of(SC_FLOAT32, 4, 3, 3, 32, 64), spec_of(SC_FLOAT32, 1, 64),
        spec_of(SC_FLOAT32, 2, FLAT, 128), spec_of(SC_FLOAT32, 1, 128), spec_of(SC_FLOAT32, 2, 128, CLASSES), spec_of(SC_FLOAT32, 1, CLASSES)};
    static const int fans[4] = {9 * 1 + 9 * 32, 9 * 32 + 9 * 64, FLAT + 128, 128 + CLASSES};
    const sc_spec images = spec_of(SC_FLOAT32, 4, BATCH, SIDE, SIDE, 1), classes = spec_of(SC_INT32, 1, BATCH), count = spec_of(SC_INT64, 0);
    sc_variable *weights[WEIGHTS], *slots[2 * WEIGHTS], *iterations;
    for (int k = 0; k < WEIGHTS; k++) {
        need(sc_variable_create(&specs[k], &weights[k]), "variable");
        need(sc_variable_create(&specs[k], &slots[2 * k]), "variable");
        need(sc_variable_create(&specs[k], &slots[2 * k + 1]), "variable");
        double limit = sqrt(6.0 / fans[k / 2]);  // biases stay at zero
        if (k % 2 == 0) uniform(sc_variable_data(weights[k]), &specs[k], -limit, limit, SEED + k / 2);
        sc_variable_touch(weights[k]);
    }
    need(sc_variable_create(&count, &iterations), "variable");

    int32_t x, y, read[WEIGHTS], gradients[WEIGHTS];
    sc_executable *forward = NULL, *training = NULL;
    need(sc_graph_create(&graph), "graph");
    need(sc_graph_placeholder(graph, &images, &x), "x");
    int32_t logits = network(x, weights, read);
    need(sc_executable_create(graph, &x, 1, &logits, 1, &forward), "forward");
    need(sc_graph_placeholder(graph, &classes, &y), "y");
    int32_t loss = node1("reduce_mean", node("sparse_softmax_cross_entropy", NULL, NULL, 0, 2, (int32_t[]){logits, y}));
    need(sc_graph_gradient(graph, &loss, NULL, 1, read, WEIGHTS, gradients), "gradient");
    update(read, gradients, weights, slots, iterations);
    need(sc_executable_create(graph, (int32_t[]){x, y}, 2, &loss, 1, &training), "training");
    sc_graph_release(graph);

    static float in[BATCH * SIDE * SIDE], out[BATCH * CLASSES];
    static int32_t labels[BATCH];
    float value = 0;
    batch(0, in, labels);
    need(sc_executable_run(forward, (const void *[]){in}, (void *[]){out}), "forward");
    results_add("training", "digits", "forward", 0, out, sizeof out);
    for (int step = 0; step < STEPS; step++) {
        batch(step, in, labels);
        need(sc_executable_run(training, (const void *[]){in, labels}, (void *[]){&value}), "training");
        results_add("training", "digits", "loss", step, &value, sizeof value);
    }
    for (int k = 0; k < WEIGHTS; k++) results_add("training", "digits", "weight", k, sc_variable_data(weights[k]), spec_bytes(&specs[k]));
    batch(0, in, labels);
    need(sc_executable_run(forward, (const void *[]){in}, (void *[]){out}), "forward");
    results_add("training", "digits", "forward", STEPS, out, sizeof out);
    printf("training: %d steps, last loss %.7g\n", STEPS, value);
    if (!isfinite(value)) failures++;

    sc_executable_release(forward);
    sc_executable_release(training);
    for (int k = 0; k < WEIGHTS; k++) {
        sc_variable_release(weights[k]);
        sc_variable_release(slots[2 * k]);
        sc_variable_release(slots[2 * k + 1]);
    }
    sc_variable_release(iterations);
}
