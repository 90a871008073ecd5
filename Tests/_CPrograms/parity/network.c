#include "network.h"

#include <stdarg.h>

#include "reference.h"

sc_spec spec_of(sc_dtype dtype, int rank, ...) {
    sc_spec spec = {.dtype = dtype, .rank = rank};
    va_list sizes;
    va_start(sizes, rank);
    for (int i = 0; i < rank; i++) spec.shape[i] = va_arg(sizes, int);
    va_end(sizes);
    return spec;
}

// The first output of an op.
static int32_t node(sc_graph *graph, const char *name, const sc_attribute *attributes, int count, int input_count, const int32_t *inputs) {
    sc_op *op = NULL;
    int32_t outputs[4], output_count = 4;
    need(sc_op_create(name, attributes, count, &op), name);
    need(sc_graph_apply(graph, op, inputs, input_count, outputs, &output_count), name);
    sc_op_release(op);
    return outputs[0];
}

static int32_t plain(sc_graph *graph, const char *name, int32_t x) { return node(graph, name, NULL, 0, 1, &x); }

// A weight and its read in the graph.
static int32_t weight(sc_graph *graph, network *made, sc_spec spec, int32_t *read) {
    int k = made->count++;
    made->specs[k] = spec;
    need(sc_variable_create(&spec, &made->weights[k]), "weight");
    need(sc_variable_create(&spec, &made->slots[2 * k]), "slot");
    need(sc_variable_create(&spec, &made->slots[2 * k + 1]), "slot");
    need(sc_graph_variable(graph, made->weights[k], &read[k]), "weight");
    return read[k];
}

static int32_t apply_layer(sc_graph *graph, network *made, const layer *what, int32_t x, int32_t *read) {
    static const int64_t two[2] = {2, 2};
    const sc_attribute window[2] = {{.key = "ksize", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two},
                                    {.key = "strides", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two}};
    sc_spec in;
    need(sc_graph_spec(graph, x, &in), "layer");
    int channels = (int)in.shape[in.rank - 1];
    int64_t flat[2] = {in.shape[0], (int64_t)(spec_count(&in) / (size_t)in.shape[0])};
    const sc_attribute shape = {.key = "shape", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = flat};
    int32_t inputs[3] = {x};
    switch (what->kind) {
        case POOL: return node(graph, "max_pool2d", window, 2, 1, &x);
        case FLATTEN: return node(graph, "reshape", &shape, 1, 1, &x);
        case CONVOLUTION:
            inputs[1] = weight(graph, made, spec_of(SC_FLOAT32, 4, 3, 3, channels, what->outputs), read);
            break;
        case DENSE: inputs[1] = weight(graph, made, spec_of(SC_FLOAT32, 2, channels, what->outputs), read);
    }
    inputs[2] = weight(graph, made, spec_of(SC_FLOAT32, 1, what->outputs), read);
    int32_t y = node(graph, what->kind == DENSE ? "matmul" : "conv2d", NULL, 0, 3, inputs);
    return what->relu ? plain(graph, "relu", y) : y;
}

// One update for each weight; the slots begin at zero.
static void update(sc_graph *graph, network *made, const int32_t *read, const int32_t *gradients, optimizer with) {
    static const int64_t one = 1;
    const int64_t nesterov = 1;
    const sc_attribute momentum[2] = {{.key = "momentum", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &with.momentum},
                                      {.key = "nesterov", .kind = SC_ATTRIBUTE_INT, .count = 1, .ints = &nesterov}};
    const sc_spec number = spec_of(SC_FLOAT32, 0), integer = spec_of(SC_INT64, 0);
    int is_adam = with.momentum == 0, slot_count = is_adam ? 2 : 1;
    int32_t rate, ones, before;
    need(sc_variable_create(&integer, &made->iterations), "iterations");
    need(sc_graph_constant(graph, &number, &with.rate, &rate), "rate");
    need(sc_graph_constant(graph, &integer, &one, &ones), "one");
    need(sc_graph_variable(graph, made->iterations, &before), "iterations");
    int32_t step = node(graph, "add", NULL, 0, 2, (int32_t[]){before, ones});
    need(sc_graph_assign(graph, made->iterations, step), "assign");
    sc_op *op = NULL;
    need(sc_op_create(with.op, momentum, is_adam ? 0 : 2, &op), with.op);
    for (int k = 0; k < made->count; k++) {
        int32_t inputs[6] = {read[k]}, count = 1, new[3], new_count = 3;
        for (int s = 0; s < slot_count; s++) need(sc_graph_variable(graph, made->slots[2 * k + s], &inputs[count++]), "slot");
        inputs[count++] = gradients[k];
        inputs[count++] = rate;
        if (is_adam) inputs[count++] = step;
        need(sc_graph_apply(graph, op, inputs, count, new, &new_count), with.op);
        need(sc_graph_assign(graph, made->weights[k], new[0]), "assign");
        for (int s = 0; s < slot_count; s++) need(sc_graph_assign(graph, made->slots[2 * k + s], new[1 + s]), "assign");
    }
    sc_op_release(op);
}

network network_create(const layer *layers, int layer_count, const sc_spec *input, optimizer with) {
    network made = {0};
    sc_graph *graph = NULL;
    const sc_spec classes = spec_of(SC_INT32, 1, (int)input->shape[0]);
    int32_t x, labels, read[MOST_WEIGHTS], gradients[MOST_WEIGHTS];
    need(sc_graph_create(&graph), "graph");
    need(sc_graph_placeholder(graph, input, &x), "x");
    int32_t y = x;
    for (int i = 0; i < layer_count; i++) y = apply_layer(graph, &made, &layers[i], y, read);
    need(sc_executable_create(graph, &x, 1, &y, 1, &made.logits), "logits");
    int32_t softmax = plain(graph, "softmax", y);
    need(sc_executable_create(graph, &x, 1, &softmax, 1, &made.probabilities), "probabilities");
    need(sc_graph_placeholder(graph, &classes, &labels), "labels");
    int32_t loss = plain(graph, "reduce_mean", node(graph, "sparse_softmax_cross_entropy", NULL, 0, 2, (int32_t[]){y, labels}));
    need(sc_graph_gradient(graph, &loss, NULL, 1, read, made.count, gradients), "gradient");
    update(graph, &made, read, gradients, with);
    need(sc_executable_create(graph, (int32_t[]){x, labels}, 2, &loss, 1, &made.training), "training");
    sc_graph_release(graph);
    return made;
}

void network_release(network *made) {
    sc_executable_release(made->logits);
    sc_executable_release(made->probabilities);
    sc_executable_release(made->training);
    for (int k = 0; k < made->count; k++) {
        sc_variable_release(made->weights[k]);
        sc_variable_release(made->slots[2 * k]);
        sc_variable_release(made->slots[2 * k + 1]);
    }
    sc_variable_release(made->iterations);
}
