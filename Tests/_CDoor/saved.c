#include <stdlib.h>
#include <unistd.h>

#include "check.h"

enum { ROWS = 2, IN = 3, OUT = 4 };

// Writes relu(x · w + [0, 1, 2, 3]) and a second output; w is a variable, two inputs are in another order than in the graph.
static const char *save(const char *path) {
    sc_graph *graph = NULL;
    sc_op *matmul = NULL, *add = NULL;
    sc_variable *w = NULL;
    sc_spec spec = spec_of(2, IN, OUT, 0, 0), rows = spec_of(2, ROWS, IN, 0, 0), bias = spec_of(1, OUT, 0, 0, 0);
    double slope = 0.1;  // a number that has no short binary form
    sc_attribute leaky[2] = {{.key = "activation", .kind = SC_ATTRIBUTE_STRING, .count = 1, .string = "leaky_relu"},
                             {.key = "alpha", .kind = SC_ATTRIBUTE_DOUBLE, .count = 1, .number = &slope}};
    CHECK_OK(sc_graph_create(&graph));
    CHECK_OK(sc_op_create("matmul", leaky, 2, &matmul));
    CHECK_OK(sc_op_create("add", NULL, 0, &add));
    CHECK_OK(sc_variable_create(&spec, &w));
    float *weights = sc_variable_data(w);
    for (int i = 0; i < IN * OUT; i++) weights[i] = (float)(i % 5) - 2;
    sc_variable_touch(w);

    int32_t x = -9, more = -9, unused = -9, v = -9, c = -9, y = -9, sum = -9, count = 1;
    float numbers[OUT] = {0, 1, 2, 3};
    CHECK_OK(sc_graph_placeholder(graph, &rows, &x));
    CHECK_OK(sc_graph_placeholder(graph, &bias, &unused));
    CHECK_OK(sc_graph_placeholder(graph, &bias, &more));
    CHECK_OK(sc_graph_variable(graph, w, &v));
    CHECK_OK(sc_graph_constant(graph, &bias, numbers, &c));
    int32_t product[3] = {x, v, c}, plus[2] = {y, more};
    CHECK_OK(sc_graph_apply(graph, matmul, product, 3, &y, &count));
    plus[0] = y;
    CHECK_OK(sc_graph_apply(graph, add, plus, 2, &sum, &count));

    int32_t inputs[2] = {more, x}, outputs[2] = {sum, y};
    CHECK_OK(sc_graph_save(graph, inputs, 2, outputs, 2, path));
    CHECK_FAILS(sc_graph_save(graph, inputs, 1, outputs, 2, path), SC_INVALID_ARGUMENT, "placeholder 0");
    CHECK_FAILS(sc_graph_save(graph, &v, 1, outputs, 1, path), SC_INVALID_ARGUMENT, "expected a placeholder");
    CHECK_FAILS(sc_graph_save(graph, inputs, 2, outputs, 2, "/no/such/folder/x"), SC_INVALID_ARGUMENT, "/no/such/folder/x");
    int32_t twice[2] = {x, x}, none = 77;
    CHECK_FAILS(sc_graph_save(graph, twice, 2, outputs, 2, path), SC_INVALID_ARGUMENT, "twice");
    CHECK_FAILS(sc_graph_save(graph, inputs, 2, &none, 1, path), SC_INVALID_ARGUMENT, "77");
    CHECK(sc_graph_save(NULL, inputs, 2, outputs, 2, path) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_save(graph, inputs, 2, outputs, 2, NULL) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_save(graph, NULL, 2, outputs, 2, path) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_save(graph, inputs, 2, outputs, -2, path) == SC_INVALID_ARGUMENT);
    for (int i = 0; i < IN * OUT; i++) weights[i] = 100;  // after saving: not in the file
    sc_op_release(matmul);
    sc_op_release(add);
    sc_variable_release(w);
    sc_graph_release(graph);
    return NULL;
}

static const char *load(const char *path) {
    sc_graph *graph = NULL;
    sc_executable *executable = NULL;
    sc_spec spec;
    int32_t inputs[3] = {-9, -9, -9}, outputs[3] = {-9, -9, -9}, input_count = 3, output_count = 2;
    CHECK_OK(sc_graph_load(path, &graph, inputs, &input_count, outputs, &output_count));
    CHECK(input_count == 2 && output_count == 2 && inputs[2] == -9 && outputs[2] == -9);
    CHECK_OK(sc_graph_spec(graph, inputs[0], &spec));
    CHECK(spec.rank == 1 && spec.shape[0] == OUT);
    CHECK_OK(sc_graph_spec(graph, outputs[1], &spec));
    CHECK(spec.rank == 2 && spec.shape[0] == ROWS && spec.shape[1] == OUT);
    CHECK_OK(sc_executable_create(graph, inputs, 2, outputs, 2, &executable));
    float x[ROWS * IN], more[OUT] = {10, 20, 30, 40}, sum[ROWS * OUT], y[ROWS * OUT];
    for (int i = 0; i < ROWS * IN; i++) x[i] = (float)i - 3;
    CHECK_OK(sc_executable_run(executable, (const void *[]){more, x}, (void *[]){sum, y}));
    for (int r = 0; r < ROWS; r++)
        for (int o = 0; o < OUT; o++) {
            float z = (float)o;
            for (int k = 0; k < IN; k++) z += x[r * IN + k] * (float)((k * OUT + o) % 5 - 2);
            z = z > 0 ? z : 0.1f * z;
            CHECK(y[r * OUT + o] == z && sum[r * OUT + o] == z + more[o]);
        }
    sc_executable_release(executable);
    sc_graph_release(graph);

    input_count = 1;
    CHECK_FAILS(sc_graph_load(path, &graph, inputs, &input_count, outputs, &output_count), SC_INVALID_ARGUMENT, "room for 2");
    CHECK(graph == NULL && input_count == 2);
    CHECK_FAILS(sc_graph_load("/no/such/file", &graph, inputs, &input_count, outputs, &output_count), SC_INVALID_ARGUMENT, "/no/such/file");
    CHECK(sc_graph_load(NULL, &graph, inputs, &input_count, outputs, &output_count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_load(path, NULL, inputs, &input_count, outputs, &output_count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_load(path, &graph, inputs, NULL, outputs, &output_count) == SC_INVALID_ARGUMENT);
    CHECK(sc_graph_load(path, &graph, inputs, &input_count, NULL, &output_count) == SC_INVALID_ARGUMENT);
    return NULL;
}

// Every file with one byte changed, and every shorter one: an error or a graph, never a crash.
static const char *load_damaged(const char *path) {
    static unsigned char content[1 << 14], damaged[1 << 14];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    CHECK(size > 500 && size < sizeof content);
    static const unsigned char marks[] = {0, '"', '-', '9', '}', 0xFF};
    int32_t ids[8], count;
    for (size_t i = 0; i < size; i++) {
        memcpy(damaged, content, size);
        damaged[i] = marks[i % sizeof marks];
        file = fopen(path, "wb");
        size_t length = i % 7 == 0 ? i : size;
        CHECK(file != NULL && fwrite(damaged, 1, length, file) == length && fclose(file) == 0);
        sc_graph *graph = NULL;
        int32_t outputs = count = 4;
        sc_status status = sc_graph_load(path, &graph, ids, &count, ids + 4, &outputs);
        CHECK((status == SC_OK) == (graph != NULL));
        CHECK(length == size || status == SC_INVALID_ARGUMENT);
        sc_graph_release(graph);
    }
    return NULL;
}

const char *c_door_saved(void) {
    char path[] = "/tmp/swiftconv-saved-XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0);
    close(file);
    const char *failure = save(path);
    if (!failure) failure = load(path);
    if (!failure) failure = load_damaged(path);
    unlink(path);
    return failure;
}
