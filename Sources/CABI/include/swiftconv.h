// The C ABI of swiftconv: verbs, not ops. docs/c.md is the guide, docs/ops/README.md lists the ops with their inputs and attributes.
//
// Status      Every function that can fail returns a status. After one other than SC_OK, sc_last_error_message() of the same thread says
//             which argument was meant, what was expected and what was received. No input traps: NULL, counts, shapes and ids are checked.
//             What the engine can't check is that memory is as large as the specs say.
// Ownership   Handles are opaque and belong to the caller, who releases each once by its `_release`, which takes NULL. They are counted
//             inside: an op may be released before what was prepared from it, a graph before its executables, a variable before the graphs
//             that read it. Arrays and strings that are passed in are borrowed until the call returns, unless it says otherwise. Strings
//             that come back (`char **json`) are freed by sc_string_release. On failure a handle that a function would make is NULL.
// Memory      Tensors are dense, row-major, in the machine's byte order, aligned to their element size at least. 64-byte alignment spares
//             the kernels split loads; sc_buffer_acquire gives such memory. Outputs are written whole, need no content before, and
//             must not overlap inputs. Tensors without elements may be NULL.
// Threads     Any function may be called from any thread. Ops, prepared ops and packed constants may be used by many threads at once. One
//             executable runs once at a time: a second caller waits. A graph must not be built by two threads at once, and a
//             variable must not be written while something that uses it runs. The engine's own threads sleep between calls, take no
//             signals, and are made again after a fork. Results have the same bits for any number of threads.
// Settings    Hold for the whole process. The environment variables SWIFTCONV_NUM_THREADS, SWIFTCONV_CPU_LEVEL, SWIFTCONV_GEMM,
//             SWIFTCONV_PRECISION, SWIFTCONV_MEMORY_LIMIT and SWIFTCONV_AUTOTUNE are read once, at first use.
#ifndef SWIFTCONV_H
#define SWIFTCONV_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Grows with every change that a program compiled before would not survive; functions may be added without.
#define SC_ABI_VERSION 1
// Whether the library that is loaded is the one that this header describes. Check it once, before anything else.
#define SC_ABI_MATCHES() (sc_abi_version() == SC_ABI_VERSION)
// The most dimensions of a tensor.
#define SC_MAX_RANK 8

typedef int32_t sc_status;
enum {
    SC_OK = 0,
    SC_INVALID_ARGUMENT = 1,  // a value, a shape, a NULL, a file
    SC_WRONG_TYPE = 2,        // an element type, the kind of an attribute
    SC_UNSUPPORTED = 3,       // it makes sense, but is not offered
    SC_OUT_OF_MEMORY = 4,     // also: more than the limit that was set
    SC_INTERNAL = 5           // a mistake of the library's own
};

typedef int32_t sc_dtype;
enum { SC_FLOAT32 = 0, SC_FLOAT64 = 1, SC_INT32 = 2, SC_INT64 = 3, SC_UINT8 = 4, SC_BOOL = 5 /* bytes 0 or 1 */ };

// Type and shape of a tensor. `shape[i]` counts for i < rank; a scalar has rank 0.
typedef struct {
    sc_dtype dtype;
    int32_t rank;
    int64_t shape[SC_MAX_RANK];
} sc_spec;

// One attribute of an op. Which of the three pointers counts is said by `kind`; the others may be NULL.
typedef int32_t sc_attribute_kind;
enum { SC_ATTRIBUTE_INT = 0, SC_ATTRIBUTE_INTS = 1, SC_ATTRIBUTE_DOUBLE = 2, SC_ATTRIBUTE_STRING = 3 };
typedef struct {
    const char *key;       // such as "strides"
    sc_attribute_kind kind;
    int32_t count;         // SC_ATTRIBUTE_INTS: how many; otherwise 1
    const int64_t *ints;   // SC_ATTRIBUTE_INT, SC_ATTRIBUTE_INTS
    const double *number;  // SC_ATTRIBUTE_DOUBLE
    const char *string;    // SC_ATTRIBUTE_STRING
} sc_attribute;

typedef struct sc_op sc_op;                  // an op with its attributes
typedef struct sc_prepared sc_prepared;      // an op bound to input specs
typedef struct sc_packed sc_packed;          // what an algorithm made of a constant input
typedef struct sc_variable sc_variable;      // memory with a type and a shape that graphs read and update
typedef struct sc_graph sc_graph;            // ops in the making; values are small integers
typedef struct sc_executable sc_executable;  // a planned graph

// ---- library -------------------------------------------------------------------------------------------------------------
// The SC_ABI_VERSION of the library that is loaded; see SC_ABI_MATCHES.
int32_t sc_abi_version(void);
// Why the last call of this thread that failed did so. Never NULL; valid until this thread's next failure.
const char *sc_last_error_message(void);
// A JSON object: version, abi_version, compiler, cpu, level, level_source, levels, threads, threads_source, processors, gemm, openblas,
// precision, memory_limit, autotune.
sc_status sc_environment(char **json);
// Frees a string that came back; NULL is nothing.
void sc_string_release(char *string);
// How many threads a call may use, itself included: at least 1.
sc_status sc_set_num_threads(int32_t threads);
int32_t sc_num_threads(void);
// What this machine can do at most with `threads` threads (0: as many as are set), measured for about a quarter of a second. A JSON object:
// threads, level, gflops (float32), memory: [{name, working_set, read, copy}] in bytes and GB/s.
sc_status sc_roofline(int32_t threads, char **json);
// "default", or "highest": no algorithm with fewer multiplications than the definition (Winograd).
sc_status sc_set_precision(const char *precision);
// Bytes of work memory that one op, or one executable, may use; -1: no limit. What needs more is passed over or refused.
sc_status sc_set_memory_limit(int64_t bytes);
// Whether (0 or 1) algorithms are chosen by measuring them, once for each shape; the choices are kept in a file.
sc_status sc_set_autotune(int32_t on);

// ---- one op, at once --------------------------------------------------------------------------------------------------------
// The op called `name` with `count` attributes; those that are left out have their defaults. Everything is copied.
sc_status sc_op_create(const char *name, const sc_attribute *attributes, int32_t count, sc_op **op);
void sc_op_release(sc_op *op);
// The shape rule alone: `outputs` for `input_count` inputs. `*output_count` holds the capacity of `outputs` on entry and the number of
// outputs after, also where the capacity is too small (which is an error).
sc_status sc_op_infer(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_spec *outputs, int32_t *output_count);
// Checks the specs and chooses an algorithm; to be kept for as long as inputs of these specs come.
sc_status sc_op_prepare(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_prepared **prepared);
// The outputs' specs; counts as in sc_op_infer.
sc_status sc_prepared_outputs(const sc_prepared *prepared, sc_spec *outputs, int32_t *output_count);
// Computes: one pointer for each input and each output, in order.
sc_status sc_prepared_run(const sc_prepared *prepared, const void *const *inputs, void *const *outputs);
// As sc_op_prepare, where the input number `constant_input` stays the same over many runs (a filter).
sc_status sc_op_prepare_constant(const sc_op *op, const sc_spec *inputs, int32_t input_count, int32_t constant_input,
                                 sc_prepared **prepared);
// What the algorithm makes of the constant input's content, made once. `*packed` is NULL where there is nothing to keep. `data` must stay
// unchanged for as long as `packed` is used.
sc_status sc_prepared_pack(const sc_prepared *prepared, const void *data, sc_packed **packed);
// Whether (0 or 1) a run would use `packed`: not after a setting (threads, precision …) has changed, a run then packs for itself.
int32_t sc_prepared_accepts(const sc_prepared *prepared, const sc_packed *packed);
// As sc_prepared_run with a packed constant, which may be NULL; the constant's own pointer is among `inputs` nevertheless.
sc_status sc_prepared_run_packed(const sc_prepared *prepared, const sc_packed *packed, const void *const *inputs, void *const *outputs);
void sc_packed_release(sc_packed *packed);
// A JSON object: op, algorithm, flops, workspace_bytes, threads.
sc_status sc_prepared_describe(const sc_prepared *prepared, char **json);
void sc_prepared_release(sc_prepared *prepared);

// ---- memory that is recycled: 64-byte aligned, of any content -------------------------------------------------------------------
// Memory for `bytes` bytes; NULL when there is none.
void *sc_buffer_acquire(int64_t bytes);
// Gives it back, with the size that was asked for; NULL is nothing.
void sc_buffer_release(void *buffer, int64_t bytes);

// ---- variables ---------------------------------------------------------------------------------------------------------------
// A variable filled with zeros.
sc_status sc_variable_create(const sc_spec *spec, sc_variable **variable);
// Its memory, 64-byte aligned, which lives as long as the variable and whatever reads it; NULL for NULL.
void *sc_variable_data(sc_variable *variable);
// After writing through that pointer. Executables keep what they made from the content (packed filters) only of variables whose writers
// call this: the first call is the promise to do so after every later write.
void sc_variable_touch(sc_variable *variable);
void sc_variable_release(sc_variable *variable);

// ---- graphs: values are small integers ------------------------------------------------------------------------------------------
sc_status sc_graph_create(sc_graph **graph);
void sc_graph_release(sc_graph *graph);
// Whose work the nodes added from now on are (the name of a layer), for the reports of executables. NULL: nobody's.
sc_status sc_graph_label(sc_graph *graph, const char *label);
// A value that runs are fed with.
sc_status sc_graph_placeholder(sc_graph *graph, const sc_spec *spec, int32_t *value);
// A value with the content at `data`, which is copied.
sc_status sc_graph_constant(sc_graph *graph, const sc_spec *spec, const void *data, int32_t *value);
// The content of the variable when a run begins; the same value however often it is asked for. The graph keeps the variable.
sc_status sc_graph_variable(sc_graph *graph, sc_variable *variable, int32_t *value);
// Adds `op` on `input_count` values; its outputs' values, counts as in sc_op_infer.
sc_status sc_graph_apply(sc_graph *graph, const sc_op *op, const int32_t *inputs, int32_t input_count, int32_t *outputs,
                         int32_t *output_count);
// At the end of a run the variable holds `value`. Reads of the variable in the graph see the old content. A later one replaces it.
sc_status sc_graph_assign(sc_graph *graph, sc_variable *variable, int32_t value);
// d(sum of targets · seeds)/d(sources): `gradients` has room for `source_count` values. A seed of -1, or seeds of NULL, stand for ones; a
// gradient of -1 for none.
sc_status sc_graph_gradient(sc_graph *graph, const int32_t *targets, const int32_t *seeds, int32_t target_count,
                            const int32_t *sources, int32_t source_count, int32_t *gradients);
// Type and shape of a value.
sc_status sc_graph_spec(const sc_graph *graph, int32_t value, sc_spec *spec);
// A JSON object: values, nodes, assignments.
sc_status sc_graph_describe(const sc_graph *graph, char **json);
// Writes what `outputs` need, down to `inputs` (placeholders), into the file at `path`: a safetensors file whose metadata holds the ops.
// Variables are saved as constants with the content that they have now; assignments are left out. The file is replaced as a whole.
sc_status sc_graph_save(const sc_graph *graph, const int32_t *inputs, int32_t input_count, const int32_t *outputs, int32_t output_count,
                        const char *path);
// A graph from such a file, which Python's model.export writes too, with the values of its inputs and outputs; counts as in sc_op_infer.
// Nothing in a file is ever run as code; a damaged one is an error.
sc_status sc_graph_load(const char *path, sc_graph **graph, int32_t *inputs, int32_t *input_count, int32_t *outputs,
                        int32_t *output_count);

// ---- executables --------------------------------------------------------------------------------------------------------------
// Plans the graph as it is now: folds, fuses, chooses algorithms, gives every value its place. Feeds may be any values (what only they need
// is not computed); placeholders that fetches or assignments need must be fed.
sc_status sc_executable_create(const sc_graph *graph, const int32_t *feeds, int32_t feed_count, const int32_t *fetches,
                               int32_t fetch_count, sc_executable **executable);
// Computes the fetches and makes the assignments: one pointer for each feed and each fetch, in the order of sc_executable_create.
sc_status sc_executable_run(sc_executable *executable, const void *const *feeds, void *const *fetches);
// Runs once and says how long each node of sc_executable_describe took, in its order. `*count` holds the capacity of `nanoseconds` on entry,
// the number of nodes after; where the capacity is too small, nothing is run. Nodes that need not be run take 0.
sc_status sc_executable_profile(sc_executable *executable, const void *const *feeds, void *const *fetches, int64_t *nanoseconds,
                                int32_t *count);
// A JSON object: the plan (nodes with algorithm, buffers with offset and bytes, arena and peak bytes, what was fused).
sc_status sc_executable_describe(const sc_executable *executable, char **json);
void sc_executable_release(sc_executable *executable);

// ---- without handles: float32, NHWC, filter HWIO ----------------------------------------------------------------------------------------
// What was prepared for a geometry is remembered (64 of them), so that a repeated call costs a look-up.
typedef struct {
    int64_t n, h, w, c;                                // input
    int64_t kh, kw, oc, groups;                        // filter [kh][kw][c / groups][oc]
    int64_t stride_h, stride_w, dilation_h, dilation_w;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
} sc_conv2d_geometry;

// y[n][oh][ow][oc] = x * filter (+ bias[oc], which may be NULL), where
// oh = (h + pad_top + pad_bottom - dilation_h * (kh - 1) - 1) / stride_h + 1, ow alike
sc_status sc_conv2d(const sc_conv2d_geometry *geometry, const float *x, const float *filter, const float *bias, float *y);
// dx[n][h][w][c], the gradient that reaches x when dy[n][oh][ow][oc] reaches y
sc_status sc_conv2d_backward_input(const sc_conv2d_geometry *geometry, const float *filter, const float *dy, float *dx);
// dfilter[kh][kw][c / groups][oc] alike
sc_status sc_conv2d_backward_filter(const sc_conv2d_geometry *geometry, const float *x, const float *dy, float *dfilter);
// c[m][n] = a[m][k] · b[k][n]
sc_status sc_gemm(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c);

#ifdef __cplusplus
}
#endif
#endif
