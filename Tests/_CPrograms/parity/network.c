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

// A graph while layers are applied to it.
typedef struct {
    sc_graph *graph;
    network *made;
    int32_t *read;  // the weights in the graph
    int next;       // weight
    int training;
} builder;

static int32_t constant(sc_graph *graph, float number) {
    const sc_spec spec = spec_of(SC_FLOAT32, 0);
    int32_t value;
    need(sc_graph_constant(graph, &spec, &number, &value), "constant");
    return value;
}

static int32_t pair(sc_graph *graph, const char *name, int32_t a, int32_t b) { return node(graph, name, NULL, 0, 2, (int32_t[]){a, b}); }

// The next weight as it is read in the graph; made when the first path through the layers comes to it.
static int32_t weight(builder *to, sc_spec spec) {
    network *made = to->made;
    int k = to->next++;
    if (k < made->count) return to->read[k];
    made->count++;
    made->specs[k] = spec;
    need(sc_variable_create(&spec, &made->weights[k]), "weight");
    need(sc_variable_create(&spec, &made->slots[2 * k]), "slot");
    need(sc_variable_create(&spec, &made->slots[2 * k + 1]), "slot");
    need(sc_graph_variable(to->graph, made->weights[k], &to->read[k]), "weight");
    return to->read[k];
}

// gamma, beta, moving mean and variance; in training the last two go a hundredth of the way to the batch's.
static int32_t normalization(builder *to, int32_t x, int channels) {
    static const double epsilon = 1e-3, keep = 0.99;
    const sc_attribute small = {.key = "epsilon", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &epsilon};
    const sc_spec spec = spec_of(SC_FLOAT32, 1, channels);
    int first = to->next;
    int32_t inputs[5] = {x}, outputs[3], count = 3;
    for (int i = 1; i < 5; i++) inputs[i] = weight(to, spec);
    to->made->is_state[first + 2] = to->made->is_state[first + 3] = 1;
    if (!to->training) return node(to->graph, "batch_norm_inference", &small, 1, 5, inputs);
    sc_op *op = NULL;
    need(sc_op_create("batch_norm_training", &small, 1, &op), "batch_norm_training");
    need(sc_graph_apply(to->graph, op, inputs, 3, outputs, &count), "batch_norm_training");
    sc_op_release(op);
    for (int i = 0; i < 2; i++) {
        int32_t old = pair(to->graph, "multiply", inputs[3 + i], constant(to->graph, (float)keep));
        int32_t new = pair(to->graph, "multiply", outputs[1 + i], constant(to->graph, (float)(1 - keep)));
        need(sc_graph_assign(to->graph, to->made->weights[first + 2 + i], pair(to->graph, "add", old, new)), "moving");
    }
    return outputs[0];
}

// In training: with the numbers of a generator, which goes on.
static int32_t dropout(builder *to, int32_t x, double rate) {
    if (!to->training) return x;
    const sc_attribute share = {.key = "rate", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &rate};
    const sc_spec two = spec_of(SC_INT64, 1, 2);
    sc_variable **generator = &to->made->generators[to->made->generator_count++];
    sc_spec in;
    int32_t state, further;
    need(sc_graph_spec(to->graph, x, &in), "dropout");
    int64_t drawn[2] = {0, (int64_t)spec_count(&in)};
    need(sc_variable_create(&two, generator), "generator");
    need(sc_graph_variable(to->graph, *generator, &state), "generator");
    need(sc_graph_constant(to->graph, &two, drawn, &further), "drawn");
    need(sc_graph_assign(to->graph, *generator, pair(to->graph, "add", state, further)), "generator");
    return node(to->graph, "dropout", &share, 1, 2, (int32_t[]){x, state});
}

static int32_t apply_layer(builder *to, const layer *what, int32_t x) {
    static const int64_t two[2] = {2, 2};
    const sc_attribute window[2] = {{.key = "ksize", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two},
                                    {.key = "strides", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = two}};
    sc_graph *graph = to->graph;
    sc_spec in;
    need(sc_graph_spec(graph, x, &in), "layer");
    int channels = (int)in.shape[in.rank - 1];
    int64_t flat[2] = {in.shape[0], (int64_t)(spec_count(&in) / (size_t)in.shape[0])};
    const sc_attribute shape = {.key = "shape", .kind = SC_ATTRIBUTE_INTS, .count = 2, .ints = flat};
    int32_t inputs[3] = {x}, y = x;
    switch (what->kind) {
        case POOL: return node(graph, "max_pool2d", window, 2, 1, &x);
        case FLATTEN: return node(graph, "reshape", &shape, 1, 1, &x);
        case DROPOUT: return dropout(to, x, what->rate);
        case NORMALIZATION: y = normalization(to, x, channels); break;
        case CONVOLUTION:
        case DENSE:
            inputs[1] = weight(to, what->kind == DENSE ? spec_of(SC_FLOAT32, 2, channels, what->outputs)
                                                       : spec_of(SC_FLOAT32, 4, 3, 3, channels, what->outputs));
            inputs[2] = weight(to, spec_of(SC_FLOAT32, 1, what->outputs));
            y = node(graph, what->kind == DENSE ? "matmul" : "conv2d", NULL, 0, 3, inputs);
    }
    return what->relu ? plain(graph, "relu", y) : y;
}

static int32_t apply_layers(builder to, const layer *layers, int count, int32_t x) {
    for (int i = 0; i < count; i++) x = apply_layer(&to, &layers[i], x);
    return x;
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
        if (made->is_state[k]) continue;
        int32_t inputs[6] = {read[k]}, count = 1, new[3], new_count = 3;
        if (with.decay != 0) {
            int32_t share = pair(graph, "multiply", rate, constant(graph, with.decay));
            inputs[0] = pair(graph, "subtract", read[k], pair(graph, "multiply", read[k], share));
        }
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

static int32_t mean_loss(sc_graph *graph, int32_t logits, int32_t labels) {
    return plain(graph, "reduce_mean", pair(graph, "sparse_softmax_cross_entropy", logits, labels));
}

network network_create(const layer *layers, int layer_count, const sc_spec *input, optimizer with) {
    network made = {0};
    sc_graph *graph = NULL;
    const sc_spec classes = spec_of(SC_INT32, 1, (int)input->shape[0]);
    int32_t x, labels, read[MOST_WEIGHTS], gradients[MOST_WEIGHTS], sources[MOST_WEIGHTS], found[MOST_WEIGHTS];
    need(sc_graph_create(&graph), "graph");
    need(sc_graph_placeholder(graph, input, &x), "x");
    need(sc_graph_placeholder(graph, &classes, &labels), "labels");
    builder to = {.graph = graph, .made = &made, .read = read};
    int32_t y = apply_layers(to, layers, layer_count, x);
    need(sc_executable_create(graph, &x, 1, &y, 1, &made.logits), "logits");
    int32_t softmax = plain(graph, "softmax", y);
    need(sc_executable_create(graph, &x, 1, &softmax, 1, &made.probabilities), "probabilities");
    int32_t loss = mean_loss(graph, y, labels);
    need(sc_executable_create(graph, (int32_t[]){x, labels}, 2, &loss, 1, &made.validation), "validation");

    to.training = 1;
    loss = mean_loss(graph, apply_layers(to, layers, layer_count, x), labels);
    int count = 0;
    for (int k = 0; k < made.count; k++)
        if (!made.is_state[k]) sources[count++] = read[k];
    need(sc_graph_gradient(graph, &loss, NULL, 1, sources, count, found), "gradient");
    for (int k = made.count - 1; k >= 0; k--) gradients[k] = made.is_state[k] ? -1 : found[--count];
    update(graph, &made, read, gradients, with);
    need(sc_executable_create(graph, (int32_t[]){x, labels}, 2, &loss, 1, &made.training), "training");
    sc_graph_release(graph);
    return made;
}

void network_release(network *made) {
    sc_executable_release(made->logits);
    sc_executable_release(made->probabilities);
    sc_executable_release(made->training);
    sc_executable_release(made->validation);
    for (int k = 0; k < made->count; k++) {
        sc_variable_release(made->weights[k]);
        sc_variable_release(made->slots[2 * k]);
        sc_variable_release(made->slots[2 * k + 1]);
    }
    for (int k = 0; k < made->generator_count; k++) sc_variable_release(made->generators[k]);
    sc_variable_release(made->iterations);
}
