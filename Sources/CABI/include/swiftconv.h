// The C ABI of swiftconv: verbs, not ops. See docs/ops/README.md for the ops, their inputs and attributes.
//
// Every function that can fail returns a status; after one other than SC_OK, sc_last_error_message() of the same thread says why.
// Nothing here ever traps on bad input. Handles are opaque, reference-counted inside, released once by their `_release`; NULL is
// accepted there. Data is dense, row-major, in the machine's byte order, aligned to its element size.
#ifndef SWIFTCONV_H
#define SWIFTCONV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SC_ABI_VERSION 1
#define SC_MAX_RANK 8

typedef int32_t sc_status;
enum {
    SC_OK = 0,
    SC_INVALID_ARGUMENT = 1,
    SC_WRONG_TYPE = 2,
    SC_UNSUPPORTED = 3,
    SC_OUT_OF_MEMORY = 4,
    SC_INTERNAL = 5
};

typedef int32_t sc_dtype;
enum { SC_FLOAT32 = 0, SC_FLOAT64 = 1, SC_INT32 = 2, SC_INT64 = 3, SC_UINT8 = 4, SC_BOOL = 5 };

// Type and shape of a tensor.
typedef struct {
    sc_dtype dtype;
    int32_t rank;
    int64_t shape[SC_MAX_RANK];
} sc_spec;

// One attribute of an op. Which of the three pointers counts is said by `kind`.
typedef int32_t sc_attribute_kind;
enum { SC_ATTRIBUTE_INT = 0, SC_ATTRIBUTE_INTS = 1, SC_ATTRIBUTE_DOUBLE = 2, SC_ATTRIBUTE_STRING = 3 };
typedef struct {
    const char *key;
    sc_attribute_kind kind;
    int32_t count;         // SC_ATTRIBUTE_INTS: how many; otherwise 1
    const int64_t *ints;   // SC_ATTRIBUTE_INT, SC_ATTRIBUTE_INTS
    const double *number;  // SC_ATTRIBUTE_DOUBLE
    const char *string;    // SC_ATTRIBUTE_STRING
} sc_attribute;

typedef struct sc_op sc_op;                  // an op with its attributes
typedef struct sc_prepared sc_prepared;      // an op bound to input specs
typedef struct sc_variable sc_variable;      // memory with a type and a shape that graphs read and update
typedef struct sc_graph sc_graph;
typedef struct sc_executable sc_executable;  // a planned graph

// ---- library -------------------------------------------------------------------------------------------------------------
int32_t sc_abi_version(void);
const char *sc_last_error_message(void);  // of this thread, until its next call
// A JSON object: version, compiler, cpu, level, level_source, threads, threads_source, gemm … Free with sc_string_release.
sc_status sc_environment(char **json);
void sc_string_release(char *string);
sc_status sc_set_num_threads(int32_t threads);
int32_t sc_num_threads(void);
// What this machine can do at most with `threads` threads (0: as many as are set), measured for about a quarter of a second. A JSON object:
// threads, level, gflops (float32), memory: [{name, working_set, read, copy}] in bytes and GB/s. Free with sc_string_release.
sc_status sc_roofline(int32_t threads, char **json);
// "default", or "highest": no algorithm with fewer multiplications than the definition (Winograd).
sc_status sc_set_precision(const char *precision);
// Bytes of work memory that one op, or one executable, may use; -1: no limit. What needs more is passed over or refused.
sc_status sc_set_memory_limit(int64_t bytes);
// Whether algorithms are chosen by measuring them, once for each shape; the choices are kept in a file.
sc_status sc_set_autotune(int32_t on);

// ---- one op, at once --------------------------------------------------------------------------------------------------------
sc_status sc_op_create(const char *name, const sc_attribute *attributes, int32_t count, sc_op **op);
void sc_op_release(sc_op *op);
// The shape rule alone. `*output_count` holds the capacity of `outputs` on entry, the number of outputs after.
sc_status sc_op_infer(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_spec *outputs, int32_t *output_count);
sc_status sc_op_prepare(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_prepared **prepared);
sc_status sc_prepared_outputs(const sc_prepared *prepared, sc_spec *outputs, int32_t *output_count);
sc_status sc_prepared_run(const sc_prepared *prepared, const void *const *inputs, void *const *outputs);
// For an input whose content stays the same over many runs (a filter): what the algorithm makes of it is made once and kept in a
// sc_packed. `*packed` is NULL where there is nothing to keep; sc_prepared_run_packed takes NULL too. sc_prepared_accepts says whether
// `packed` would be used: not after a setting (threads, precision …) has changed, a run then packs for itself. `data` must stay unchanged.
typedef struct sc_packed sc_packed;
sc_status sc_op_prepare_constant(const sc_op *op, const sc_spec *inputs, int32_t input_count, int32_t constant_input,
                                 sc_prepared **prepared);
sc_status sc_prepared_pack(const sc_prepared *prepared, const void *data, sc_packed **packed);
int32_t sc_prepared_accepts(const sc_prepared *prepared, const sc_packed *packed);
sc_status sc_prepared_run_packed(const sc_prepared *prepared, const sc_packed *packed, const void *const *inputs, void *const *outputs);
void sc_packed_release(sc_packed *packed);
// A JSON object: op, algorithm, flops, workspace_bytes.
sc_status sc_prepared_describe(const sc_prepared *prepared, char **json);
void sc_prepared_release(sc_prepared *prepared);

// ---- memory that is recycled: 64-byte aligned, of any content -------------------------------------------------------------------
void *sc_buffer_acquire(int64_t bytes);  // NULL when there is none
void sc_buffer_release(void *buffer, int64_t bytes);

// ---- variables ---------------------------------------------------------------------------------------------------------------
sc_status sc_variable_create(const sc_spec *spec, sc_variable **variable);  // filled with zeros
void *sc_variable_data(sc_variable *variable);                              // lives as long as the variable
// After writing through that pointer. Executables keep what they made from the content (packed filters) only of variables whose writers
// call this: the first call is the promise to do so after every later write.
void sc_variable_touch(sc_variable *variable);
void sc_variable_release(sc_variable *variable);

// ---- graphs: values are small integers ------------------------------------------------------------------------------------------
sc_status sc_graph_create(sc_graph **graph);
void sc_graph_release(sc_graph *graph);
// Whose work the nodes added from now on are (the name of a layer), for the reports of executables. NULL: nobody's.
sc_status sc_graph_label(sc_graph *graph, const char *label);
sc_status sc_graph_placeholder(sc_graph *graph, const sc_spec *spec, int32_t *value);
sc_status sc_graph_constant(sc_graph *graph, const sc_spec *spec, const void *data, int32_t *value);  // copies
sc_status sc_graph_variable(sc_graph *graph, sc_variable *variable, int32_t *value);
sc_status sc_graph_apply(sc_graph *graph, const sc_op *op, const int32_t *inputs, int32_t input_count, int32_t *outputs,
                         int32_t *output_count);
// At the end of a run the variable holds `value`. Reads of the variable in the graph see the old content.
sc_status sc_graph_assign(sc_graph *graph, sc_variable *variable, int32_t value);
// d(sum of targets · seeds)/d(sources); a seed of -1 stands for ones, a gradient of -1 for none.
sc_status sc_graph_gradient(sc_graph *graph, const int32_t *targets, const int32_t *seeds, int32_t target_count,
                            const int32_t *sources, int32_t source_count, int32_t *gradients);
sc_status sc_graph_spec(const sc_graph *graph, int32_t value, sc_spec *spec);
sc_status sc_graph_describe(const sc_graph *graph, char **json);

// ---- executables --------------------------------------------------------------------------------------------------------------
// Feeds may be any values (what only they need is not computed); placeholders that fetches or assignments need must be fed.
sc_status sc_executable_create(const sc_graph *graph, const int32_t *feeds, int32_t feed_count, const int32_t *fetches,
                               int32_t fetch_count, sc_executable **executable);
sc_status sc_executable_run(sc_executable *executable, const void *const *feeds, void *const *fetches);
// Runs once and says how long each node of sc_executable_describe took, in its order. `*count` holds the capacity of `nanoseconds` on entry,
// the number of nodes after; where the capacity is too small, nothing is run. Nodes that need not be run take 0.
sc_status sc_executable_profile(sc_executable *executable, const void *const *feeds, void *const *fetches, int64_t *nanoseconds,
                                int32_t *count);
// A JSON object: the plan (nodes with algorithm, buffers with offset and bytes, arena and peak bytes, what was fused).
sc_status sc_executable_describe(const sc_executable *executable, char **json);
void sc_executable_release(sc_executable *executable);

// ---- for C users: float32, NHWC, filter HWIO ----------------------------------------------------------------------------------------
typedef struct {
    int64_t n, h, w, c;                                // input
    int64_t kh, kw, oc, groups;                        // filter [kh][kw][c / groups][oc]
    int64_t stride_h, stride_w, dilation_h, dilation_w;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
} sc_conv2d_geometry;

// y[n][oh][ow][oc] = x * filter (+ bias, which may be NULL)
sc_status sc_conv2d(const sc_conv2d_geometry *geometry, const float *x, const float *filter, const float *bias, float *y);
sc_status sc_conv2d_backward_input(const sc_conv2d_geometry *geometry, const float *filter, const float *dy, float *dx);
sc_status sc_conv2d_backward_filter(const sc_conv2d_geometry *geometry, const float *x, const float *dy, float *dfilter);
// c[m][n] = a[m][k] · b[k][n]
sc_status sc_gemm(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c);

#ifdef __cplusplus
}
#endif
#endif
