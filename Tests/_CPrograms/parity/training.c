// Trainings that every door composes by itself; all must end with the same bits (pytests/test_doors.py).
#include <math.h>
#include <string.h>

#include "network.h"
#include "reference.h"

static void save_weights(const char *name, const network *made) {
    for (int k = 0; k < made->count; k++)
        results_add("training", name, "weight", k, sc_variable_data(made->weights[k]), spec_bytes(&made->specs[k]));
}

// ---- the stored cases: Keras's losses, weights and predictions of the network "plain" ---------------------------------------------

static void run_case(const family *from, json_t *fields) {
    static const layer layers[] = {{CONVOLUTION, 4, 1, 0}, {POOL, 0, 0, 0},     {CONVOLUTION, 6, 1, 0},
                                   {FLATTEN, 0, 0, 0},     {DENSE, 8, 1, 0}, {DENSE, 4, 0, 0}};
    const char *name = case_name(fields);
    json_t *options = json_object_get(fields, "options"), *steps = json_object_get(fields, "steps"), *step;
    array start[MOST], x[1], y[1], loss[1], expected[MOST], outputs[2];
    int count = case_arrays(from, fields, "inputs", start);
    double momentum = json_number_value(json_object_get(options, "momentum"));
    optimizer with = {momentum == 0 ? "adam_update" : "momentum_update", (float)json_number_value(json_object_get(options, "learning_rate")),
                      momentum, 0};
    case_arrays(from, json_array_get(steps, 0), "x", x);
    network made = network_create(layers, 6, &x[0].spec, with);
    for (int k = 0; k < count; k++) {
        memcpy(sc_variable_data(made.weights[k]), start[k].data, spec_bytes(&start[k].spec));
        sc_variable_touch(made.weights[k]);
    }
    size_t t;
    json_array_foreach(steps, t, step) {
        float value;
        case_arrays(from, step, "x", x);
        case_arrays(from, step, "y", y);
        case_arrays(from, step, "loss", loss);
        need(sc_executable_run(made.training, (const void *[]){x[0].data, y[0].data}, (void *[]){&value}), name);
        compare("training", name, "loss", (int)t, &value, &loss[0], 10);
        results_add("training", name, "loss", (int)t, &value, sizeof value);
    }
    case_arrays(from, json_array_get(steps, json_array_size(steps) - 1), "weights", expected);
    for (int k = 0; k < count; k++) compare("training", name, "weight", k, sc_variable_data(made.weights[k]), &expected[k], 30);
    save_weights(name, &made);

    // predictions of another number of examples: the same weights in another network
    float received[64];
    case_arrays(from, fields, "outputs", outputs);
    network other = network_create(layers, 6, &outputs[0].spec, with);
    for (int k = 0; k < count; k++) {
        memcpy(sc_variable_data(other.weights[k]), sc_variable_data(made.weights[k]), spec_bytes(&start[k].spec));
        sc_variable_touch(other.weights[k]);
    }
    need(sc_executable_run(other.probabilities, (const void *[]){outputs[0].data}, (void *[]){received}), name);
    compare("training", name, "prediction", 0, received, &outputs[1], 30);
    results_add("training", name, "prediction", 0, received, spec_bytes(&outputs[1].spec));
    network_release(&other);
    network_release(&made);
}

// ---- the tutorial's network from one seed ------------------------------------------------------------------------------------------

enum { BATCH = 64, SIDE = 28, CLASSES = 10, STEPS = 20, SEED = 20 };

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

// Kernels are evenly spread by the seeds `seed`, `seed` + 1 …; biases stay at zero.
static void begin(const network *made, int64_t seed) {
    for (int k = 0; k < made->count; k++) {
        const sc_spec *spec = &made->specs[k];
        if (spec->rank < 2) continue;
        int64_t field = 1, fans = spec->shape[spec->rank - 2] + spec->shape[spec->rank - 1];
        for (int i = 0; i < spec->rank - 2; i++) field *= spec->shape[i];
        double limit = sqrt(6.0 / (double)(field * fans));
        uniform(sc_variable_data(made->weights[k]), spec, -limit, limit, seed++);
        sc_variable_touch(made->weights[k]);
    }
}

static void run_digits(void) {
    static const layer layers[] = {{CONVOLUTION, 32, 1, 0}, {CONVOLUTION, 64, 1, 0}, {POOL, 0, 0, 0},
                                   {FLATTEN, 0, 0, 0},      {DENSE, 128, 1, 0},      {DENSE, 10, 0, 0}};
    const sc_spec images = spec_of(SC_FLOAT32, 4, BATCH, SIDE, SIDE, 1);
    network made = network_create(layers, 6, &images, (optimizer){"adam_update", 0.001f, 0, 0});
    begin(&made, SEED);
    static float x[BATCH * SIDE * SIDE], out[BATCH * CLASSES];
    static int32_t labels[BATCH];
    float value = 0;
    batch(0, x, labels);
    need(sc_executable_run(made.logits, (const void *[]){x}, (void *[]){out}), "forward");
    results_add("training", "digits", "forward", 0, out, sizeof out);
    for (int step = 0; step < STEPS; step++) {
        batch(step, x, labels);
        need(sc_executable_run(made.training, (const void *[]){x, labels}, (void *[]){&value}), "training");
        results_add("training", "digits", "loss", step, &value, sizeof value);
    }
    save_weights("digits", &made);
    batch(0, x, labels);
    need(sc_executable_run(made.logits, (const void *[]){x}, (void *[]){out}), "forward");
    results_add("training", "digits", "forward", STEPS, out, sizeof out);
    printf("digits: %d steps, last loss %.7g\n", STEPS, value);
    if (!isfinite(value)) failures++;
    network_release(&made);
}

// ---- batch normalization, dropout, Adam with weight decay, a part of the examples kept for validation -------------------------------------

enum { EXAMPLES = 128, TRAINED = 96, PART = 32, SIDE_14 = 14, EPOCHS = 7, SEED_2 = 40 };

static void fill(sc_variable *variable, size_t count, float number) {
    float *data = sc_variable_data(variable);
    for (size_t i = 0; i < count; i++) data[i] = number;
    sc_variable_touch(variable);
}

static void run_regularized(void) {
    static const layer layers[] = {
        {CONVOLUTION, 16, 0, 0}, {NORMALIZATION, 0, 1, 0}, {POOL, 0, 0, 0},          {DROPOUT, 0, 0, 0.25}, {FLATTEN, 0, 0, 0},
        {DENSE, 32, 1, 0},       {NORMALIZATION, 0, 0, 0}, {DROPOUT, 0, 0, 0.5}, {DENSE, 10, 0, 0},
    };
    const sc_spec images = spec_of(SC_FLOAT32, 4, PART, SIDE_14, SIDE_14, 1), all = spec_of(SC_FLOAT32, 4, EXAMPLES, SIDE_14, SIDE_14, 1);
    network made = network_create(layers, 9, &images, (optimizer){"adam_update", 0.002f, 0, 0.05f});
    begin(&made, SEED_2);
    for (int k = 2; k < made.count; k++) {  // gamma and the moving variance begin at 1: the weights before and behind the two states
        if (!made.is_state[k] || made.is_state[k - 1]) continue;
        fill(made.weights[k - 2], spec_count(&made.specs[k]), 1);
        fill(made.weights[k + 1], spec_count(&made.specs[k]), 1);
    }
    for (int k = 0; k < made.generator_count; k++) {
        *(int64_t *)sc_variable_data(made.generators[k]) = SEED_2 + 10 + k;
        sc_variable_touch(made.generators[k]);
    }
    static float x[EXAMPLES * SIDE_14 * SIDE_14], out[PART * CLASSES];
    static int32_t labels[EXAMPLES];
    uniform(x, &all, 0, 1, SEED_2 + 20);
    for (int i = 0; i < EXAMPLES; i++) labels[i] = 7 * i % CLASSES;
    float losses[2] = {0};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        float sum = 0, value;
        for (int at = 0; at < TRAINED; at += PART) {
            need(sc_executable_run(made.training, (const void *[]){x + at * SIDE_14 * SIDE_14, labels + at}, (void *[]){&value}), "training");
            sum += value * PART;
        }
        need(sc_executable_run(made.validation, (const void *[]){x + TRAINED * SIDE_14 * SIDE_14, labels + TRAINED}, (void *[]){&value}),
             "validation");
        losses[0] = sum / TRAINED;
        losses[1] = value;
        results_add("training", "regularized", "losses", epoch, losses, sizeof losses);
    }
    save_weights("regularized", &made);
    need(sc_executable_run(made.logits, (const void *[]){x}, (void *[]){out}), "forward");
    results_add("training", "regularized", "forward", 0, out, sizeof out);
    printf("regularized: %d epochs, last losses %.7g and %.7g\n", EPOCHS, losses[0], losses[1]);
    if (!isfinite(losses[0]) || !isfinite(losses[1])) failures++;
    network_release(&made);
}

void run_training(const char *folder) {
    family loaded = family_load(folder, "training");
    size_t i;
    int count = 0;
    json_t *fields;
    json_array_foreach(loaded.index, i, fields) {
        if (strncmp(case_name(fields), "plain-", 6) != 0) continue;
        run_case(&loaded, fields);
        count++;
    }
    printf("training: %d cases\n", count);
    family_release(&loaded);
    run_digits();
    run_regularized();
}
