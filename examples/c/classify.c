// A convolution, then a saved model, from C:
//
//   cc classify.c -o classify $(pkg-config --cflags --libs swiftconv) && ./classify digits.safetensors
//
// The file comes from Python: model.export("digits.safetensors"). Its input is filled with a slope from 0 to 1 here.
#include <stdio.h>
#include <stdlib.h>
#include <swiftconv.h>

static void check(sc_status status) {
    if (status == SC_OK) return;
    fprintf(stderr, "classify: %s\n", sc_last_error_message());
    exit(1);
}

static int64_t count(const sc_spec *spec) {
    int64_t elements = 1;
    for (int32_t i = 0; i < spec->rank; i++) elements *= spec->shape[i];
    return elements;
}

static void find_edges(void) {
    // A bright square on a dark 5x5 picture, and Sobel's filter: how brightness changes from left to right.
    const float picture[25] = {0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0};
    const float sobel[9] = {-1, 0, 1, -2, 0, 2, -1, 0, 1};
    const sc_conv2d_geometry geometry = {.n = 1, .h = 5, .w = 5, .c = 1, .kh = 3, .kw = 3, .oc = 1, .groups = 1,
                                         .stride_h = 1, .stride_w = 1, .dilation_h = 1, .dilation_w = 1};
    float edges[9];
    check(sc_conv2d(&geometry, picture, sobel, NULL, edges));
    for (int row = 0; row < 3; row++) printf("%4g %4g %4g\n", edges[3 * row], edges[3 * row + 1], edges[3 * row + 2]);
}

static void classify(const char *path) {
    sc_graph *graph;
    sc_executable *executable;
    sc_spec in, out;
    int32_t input, output, inputs = 1, outputs = 1;
    check(sc_graph_load(path, &graph, &input, &inputs, &output, &outputs));
    check(sc_graph_spec(graph, input, &in));
    check(sc_graph_spec(graph, output, &out));
    check(sc_executable_create(graph, &input, 1, &output, 1, &executable));
    sc_graph_release(graph);

    float *x = sc_buffer_acquire(count(&in) * (int64_t)sizeof *x), *y = sc_buffer_acquire(count(&out) * (int64_t)sizeof *y);
    if (!x || !y || in.dtype != SC_FLOAT32 || out.dtype != SC_FLOAT32) exit(1);
    for (int64_t i = 0; i < count(&in); i++) x[i] = (float)i / (float)count(&in);
    check(sc_executable_run(executable, (const void *[]){x}, (void *[]){y}));
    for (int64_t i = 0; i < count(&out); i++) printf("%lld: %.9g\n", (long long)i, y[i]);

    sc_buffer_release(x, count(&in) * (int64_t)sizeof *x);
    sc_buffer_release(y, count(&out) * (int64_t)sizeof *y);
    sc_executable_release(executable);
}

int main(int argc, char **argv) {
    if (!SC_ABI_MATCHES()) return fprintf(stderr, "classify: the library is not that of the header\n"), 1;
    find_edges();
    if (argc > 1) classify(argv[1]);
    return 0;
}
