#include <stdlib.h>
#include <string.h>

#include "reference.h"

static const char *const FAMILIES[] = {"convolution", "dense",     "pooling",  "normalization",
                                       "elementwise", "reduction", "movement", "loss"};

static void *memory_for(const sc_spec *spec) {
    void *memory = sc_buffer_acquire((int64_t)spec_bytes(spec));
    if (!memory) need(SC_OUT_OF_MEMORY, "memory");
    return memset(memory, 0xFF, spec_bytes(spec));
}

static void run_outputs(const family *from, json_t *fields, const sc_op *op, const array *inputs, int input_count) {
    const char *name = case_name(fields);
    array expected[MOST];
    int expected_count = case_arrays(from, fields, "outputs", expected);
    sc_spec specs[MOST], outputs[MOST];
    int32_t output_count = MOST;
    const void *ins[MOST] = {0};
    void *outs[MOST] = {0};
    sc_prepared *prepared = NULL;
    for (int i = 0; i < input_count; i++) specs[i] = inputs[i].spec, ins[i] = inputs[i].data;
    need(sc_op_prepare(op, specs, input_count, &prepared), name);
    need(sc_prepared_outputs(prepared, outputs, &output_count), name);
    int same = output_count == expected_count;
    for (int k = 0; same && k < output_count; k++) same = memcmp(&outputs[k], &expected[k].spec, sizeof *outputs) == 0;
    if (!same) {
        printf("%s/%s: the outputs' specs are not those expected\n", from->family, name);
        failures++;
    } else {
        for (int k = 0; k < output_count; k++) outs[k] = memory_for(&outputs[k]);
        need(sc_prepared_run(prepared, ins, outs), name);
        for (int k = 0; k < output_count; k++) {
            compare(from->family, name, "output", k, outs[k], &expected[k], 1);
            results_add(from->family, name, "output", k, outs[k], spec_bytes(&outputs[k]));
            sc_buffer_release(outs[k], (int64_t)spec_bytes(&outputs[k]));
        }
    }
    sc_prepared_release(prepared);
}

static void run_gradients(const family *from, json_t *fields, const sc_op *op, const array *inputs, int input_count) {
    const char *name = case_name(fields);
    array seeds[MOST], expected[MOST];
    if (case_arrays(from, fields, "output_gradients", seeds) < 0 || case_arrays(from, fields, "input_gradients", expected) < 0) return;
    sc_graph *graph = NULL;
    sc_executable *executable = NULL;
    int32_t feeds[2 * MOST], outputs[MOST], output_count = MOST, targets[MOST], weights[MOST], target_count = 0, feed_count = 0;
    int32_t found[MOST], fetches[MOST], fetch_count = 0;
    const void *ins[2 * MOST] = {0};
    void *outs[MOST] = {0};
    need(sc_graph_create(&graph), name);
    for (int i = 0; i < input_count; i++, feed_count++) {
        need(sc_graph_placeholder(graph, &inputs[i].spec, &feeds[i]), name);
        ins[i] = inputs[i].data;
    }
    need(sc_graph_apply(graph, op, feeds, input_count, outputs, &output_count), name);
    for (int k = 0; k < output_count; k++) {
        if (!seeds[k].data) continue;
        need(sc_graph_placeholder(graph, &seeds[k].spec, &weights[target_count]), name);
        feeds[feed_count] = weights[target_count];
        ins[feed_count++] = seeds[k].data;
        targets[target_count++] = outputs[k];
    }
    // of all inputs that have an expected one: asked for together, as the other doors do
    int32_t sources[MOST], source_inputs[MOST], source_count = 0;
    for (int i = 0; i < input_count; i++)
        if (expected[i].data) sources[source_count] = feeds[i], source_inputs[source_count++] = i;
    need(sc_graph_gradient(graph, targets, weights, target_count, sources, source_count, found), name);
    int fetched[MOST];
    for (int s = 0; s < source_count; s++) {
        const sc_spec *spec = &expected[source_inputs[s]].spec;
        if (found[s] < 0) {  // no gradient flows: one of zeros is the same
            void *zeros = calloc(spec_bytes(spec) + 1, 1);
            compare(from->family, name, "gradient", source_inputs[s], zeros, &expected[source_inputs[s]], 4);
            free(zeros);
            continue;
        }
        outs[fetch_count] = memory_for(spec);
        fetched[fetch_count] = source_inputs[s];
        fetches[fetch_count++] = found[s];
    }
    need(sc_executable_create(graph, feeds, feed_count, fetches, fetch_count, &executable), name);
    need(sc_executable_run(executable, ins, outs), name);
    for (int f = 0; f < fetch_count; f++) {
        const array *wanted = &expected[fetched[f]];
        compare(from->family, name, "gradient", fetched[f], outs[f], wanted, 4);
        results_add(from->family, name, "gradient", fetched[f], outs[f], spec_bytes(&wanted->spec));
        sc_buffer_release(outs[f], (int64_t)spec_bytes(&wanted->spec));
    }
    sc_executable_release(executable);
    sc_graph_release(graph);
}

void run_ops(const char *folder) {
    for (unsigned f = 0; f < sizeof FAMILIES / sizeof *FAMILIES; f++) {
        family loaded = family_load(folder, FAMILIES[f]);
        size_t i;
        json_t *fields;
        json_array_foreach(loaded.index, i, fields) {
            array inputs[MOST];
            int count = case_arrays(&loaded, fields, "inputs", inputs);
            sc_op *op = case_op(fields);
            run_outputs(&loaded, fields, op, inputs, count);
            run_gradients(&loaded, fields, op, inputs, count);
            sc_op_release(op);
        }
        printf("%s: %zu cases\n", FAMILIES[f], json_array_size(loaded.index));
        family_release(&loaded);
    }
}

// The state after each of some updates.
void run_optimizers(const char *folder) {
    family loaded = family_load(folder, "optimizer");
    size_t i;
    json_t *fields;
    json_array_foreach(loaded.index, i, fields) {
        const char *name = case_name(fields);
        array state[MOST], gradient[MOST], expected[MOST];
        int count = case_arrays(&loaded, fields, "inputs", state), is_adam = strcmp(json_string_value(json_object_get(fields, "op")), "adam_update") == 0;
        sc_dtype dtype = state[0].spec.dtype;
        double rate64 = json_number_value(json_object_get(fields, "learning_rate"));
        float rate32 = (float)rate64;
        void *now[MOST], *next[MOST];
        for (int k = 0; k < count; k++) {
            now[k] = memory_for(&state[k].spec);
            next[k] = memory_for(&state[k].spec);
            memcpy(now[k], state[k].data, spec_bytes(&state[k].spec));
        }
        sc_op *op = case_op(fields);
        json_t *steps = json_object_get(fields, "steps"), *step;
        size_t t;
        json_array_foreach(steps, t, step) {
            int64_t number = (int64_t)t + 1;
            case_arrays(&loaded, step, "gradient", gradient);
            case_arrays(&loaded, step, "state", expected);
            sc_spec specs[MOST];
            const void *ins[MOST] = {0};
            for (int k = 0; k < count; k++) specs[k] = state[k].spec, ins[k] = now[k];
            specs[count] = gradient[0].spec, ins[count] = gradient[0].data;
            specs[count + 1] = (sc_spec){.dtype = dtype}, ins[count + 1] = dtype == SC_FLOAT64 ? (void *)&rate64 : (void *)&rate32;
            specs[count + 2] = (sc_spec){.dtype = SC_INT64}, ins[count + 2] = &number;
            sc_prepared *prepared = NULL;
            need(sc_op_prepare(op, specs, count + 2 + is_adam, &prepared), name);
            need(sc_prepared_run(prepared, ins, next), name);
            sc_prepared_release(prepared);
            for (int k = 0; k < count; k++) {
                // Keras rounds its constants to float32 on the way even when it computes in float64
                compare("optimizer", name, "state", (int)t * MOST + k, next[k], &expected[k], dtype == SC_FLOAT64 ? 1e4 : 4);
                results_add("optimizer", name, "state", (int)t * MOST + k, next[k], spec_bytes(&state[k].spec));
                void *swap = now[k];
                now[k] = next[k], next[k] = swap;
            }
        }
        sc_op_release(op);
        for (int k = 0; k < count; k++) {
            sc_buffer_release(now[k], (int64_t)spec_bytes(&state[k].spec));
            sc_buffer_release(next[k], (int64_t)spec_bytes(&state[k].spec));
        }
    }
    printf("optimizer: %zu cases\n", json_array_size(loaded.index));
    family_release(&loaded);
}
