#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pthread.h>

#include "check.h"

// Every field differs from the others where it can, so that a swap shows.
static const sc_conv2d_geometry geometry = {
    .n = 2, .h = 7, .w = 9, .c = 4, .kh = 3, .kw = 2, .oc = 6, .groups = 2, .stride_h = 2, .stride_w = 1,
    .dilation_h = 1, .dilation_w = 3, .pad_top = 1, .pad_bottom = 0, .pad_left = 3, .pad_right = 2,
};
enum { N = 2, H = 7, W = 9, C = 4, KH = 3, KW = 2, OC = 6, IC = 2, OH = 3, OW = 11 };

// Calls `visit` for each product of the convolution, with the indices of x, filter and y.
static void each(void (*visit)(int x, int f, int y)) {
    for (int n = 0; n < N; n++)
        for (int oh = 0; oh < OH; oh++)
            for (int ow = 0; ow < OW; ow++)
                for (int oc = 0; oc < OC; oc++)
                    for (int kh = 0; kh < KH; kh++)
                        for (int kw = 0; kw < KW; kw++) {
                            int h = oh * 2 - 1 + kh, w = ow - 3 + kw * 3;
                            if (h < 0 || h >= H || w < 0 || w >= W) continue;
                            for (int ic = 0; ic < IC; ic++)
                                visit(((n * H + h) * W + w) * C + oc / 3 * IC + ic, ((kh * KW + kw) * IC + ic) * OC + oc,
                                      ((n * OH + oh) * OW + ow) * OC + oc);
                        }
}

static float x[N * H * W * C], filter[KH * KW * IC * OC], bias[OC], y[N * OH * OW * OC];
static float expected[N * H * W * C + N * OH * OW * OC], dx[N * H * W * C], dfilter[KH * KW * IC * OC];
static void add_y(int i, int f, int o) { expected[o] += x[i] * filter[f]; }
static void add_dx(int i, int f, int o) { expected[i] += filter[f] * y[o]; }
static void add_dfilter(int i, int f, int o) { expected[f] += x[i] * y[o]; }

const char *c_door_typed(void) {
    // Small integers: sums are exact in any order.
    for (unsigned i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)(i * 7 % 5) - 2;
    for (unsigned i = 0; i < sizeof filter / sizeof *filter; i++) filter[i] = (float)(i * 5 % 7) - 3;
    for (unsigned i = 0; i < OC; i++) bias[i] = (float)i - 2;

    CHECK_OK(sc_conv2d(&geometry, x, filter, bias, y));
    memset(expected, 0, sizeof expected);
    each(add_y);
    for (unsigned i = 0; i < sizeof y / sizeof *y; i++) CHECK(y[i] == expected[i] + bias[i % OC]);
    CHECK_OK(sc_conv2d(&geometry, x, filter, NULL, y));
    for (unsigned i = 0; i < sizeof y / sizeof *y; i++) CHECK(y[i] == expected[i]);

    CHECK_OK(sc_conv2d_backward_input(&geometry, filter, y, dx));
    memset(expected, 0, sizeof expected);
    each(add_dx);
    for (unsigned i = 0; i < sizeof dx / sizeof *dx; i++) CHECK(dx[i] == expected[i]);
    CHECK_OK(sc_conv2d_backward_filter(&geometry, x, y, dfilter));
    memset(expected, 0, sizeof expected);
    each(add_dfilter);
    for (unsigned i = 0; i < sizeof dfilter / sizeof *dfilter; i++) CHECK(dfilter[i] == expected[i]);

    float a[2 * 3] = {1, 2, 3, 4, 5, 6}, b[3 * 4] = {1, 0, 2, 0, 0, 1, 0, 3, 1, 1, 1, 1}, c[2 * 4];
    static const float product[2 * 4] = {4, 5, 5, 9, 10, 11, 14, 21};
    for (int i = 0; i < 2; i++) {
        CHECK_OK(sc_gemm(2, 4, 3, a, b, c));
        CHECK(memcmp(c, product, sizeof c) == 0);
        memset(c, 0, sizeof c);
    }

    CHECK_FAILS(sc_conv2d(NULL, x, filter, NULL, y), SC_INVALID_ARGUMENT, "geometry");
    CHECK_FAILS(sc_conv2d(&geometry, NULL, filter, NULL, y), SC_INVALID_ARGUMENT, "input 0");
    CHECK_FAILS(sc_conv2d(&geometry, x, NULL, NULL, y), SC_INVALID_ARGUMENT, "input 1");
    CHECK_FAILS(sc_conv2d(&geometry, x, filter, NULL, NULL), SC_INVALID_ARGUMENT, "output 0");
    CHECK(sc_conv2d_backward_input(NULL, filter, y, dx) == SC_INVALID_ARGUMENT);
    CHECK(sc_conv2d_backward_filter(NULL, x, y, dfilter) == SC_INVALID_ARGUMENT);
    CHECK(sc_conv2d_backward_input(&geometry, NULL, y, dx) == SC_INVALID_ARGUMENT);
    CHECK(sc_conv2d_backward_filter(&geometry, x, NULL, dfilter) == SC_INVALID_ARGUMENT);
    CHECK(sc_gemm(-2, 4, 3, a, b, c) == SC_INVALID_ARGUMENT);
    CHECK(sc_gemm(2, 4, 3, NULL, b, c) == SC_INVALID_ARGUMENT);
    CHECK(sc_gemm(INT64_MAX, INT64_MAX, 3, a, b, c) != SC_OK);
    // Any single field spoiled is an error or a case that can be had; never a crash. The arrays are large enough for neither,
    // so only what must fail is tried.
    for (unsigned field = 0; field < sizeof geometry / sizeof(int64_t); field++) {
        static const int64_t spoils[] = {-1, INT64_MIN, INT64_MAX};
        for (unsigned i = 0; i < 3; i++) {
            sc_conv2d_geometry spoiled = geometry;
            ((int64_t *)&spoiled)[field] = spoils[i];
            int stretches = field >= 8 && field <= 11;  // strides and dilations: a large one may be fine
            if (spoils[i] > 0 && stretches) continue;
            CHECK(sc_conv2d(&spoiled, x, filter, NULL, y) != SC_OK);
            CHECK(sc_conv2d_backward_input(&spoiled, filter, y, dx) != SC_OK);
            CHECK(sc_conv2d_backward_filter(&spoiled, x, y, dfilter) != SC_OK);
        }
    }
    return NULL;
}

// ---- fork ------------------------------------------------------------------------------------------------------------------
enum { BIG = 300000 };
static float big_x[BIG], big_y[BIG];
static sc_prepared *big;
static volatile int stop;

static int run_big(float *out) {
    const void *in[1] = {big_x};
    void *to[1] = {out};
    return sc_prepared_run(big, in, to) == SC_OK;
}

static void *keep_running(void *own) {
    while (!stop) {
        if (!run_big(own)) return own;
        sc_buffer_release(sc_buffer_acquire(12345), 12345);
    }
    return NULL;
}

const char *c_door_fork(void) {
    int32_t threads = sc_num_threads();
    CHECK_OK(sc_set_num_threads(2));
    sc_op *op = NULL;
    sc_spec spec = spec_of(1, BIG, 0, 0, 0);
    CHECK_OK(sc_op_create("relu", NULL, 0, &op));
    CHECK_OK(sc_op_prepare(op, &spec, 1, &big));
    for (int i = 0; i < BIG; i++) big_x[i] = (float)(i % 11) - 5;
    CHECK(run_big(big_y));  // starts the workers

    pthread_t other;
    float *own = malloc(sizeof big_y);
    CHECK(own != NULL);
    stop = 0;
    CHECK(pthread_create(&other, NULL, keep_running, own) == 0);
    const char *failure = NULL;
    for (int i = 0; i < 20 && !failure; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);  // a child that hangs dies by it
            for (int j = 0; j < 3; j++) {
                memset(big_y, 0xFF, sizeof big_y);
                if (!run_big(big_y)) _exit(2);
                for (int k = 0; k < BIG; k++)
                    if (big_y[k] != (big_x[k] > 0 ? big_x[k] : 0)) _exit(3);
            }
            void *buffer = sc_buffer_acquire(99999);
            if (!buffer) _exit(4);
            sc_buffer_release(buffer, 99999);
            _exit(0);
        }
        int status = -1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            snprintf(check_text, sizeof check_text, "child %d ended with wait status %d", i, status);
            failure = check_text;
        }
    }
    stop = 1;
    void *bad = NULL;
    pthread_join(other, &bad);
    free(own);
    sc_prepared_release(big);
    sc_op_release(op);
    CHECK(bad == NULL);
    CHECK_OK(sc_set_num_threads(threads));
    return failure;
}
