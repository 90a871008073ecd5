// The C ABI of swiftconv: verbs, not ops. docs/c.md is the guide, docs/ops/README.md lists the ops with their inputs and attributes.
//
// What stands here holds for every function; a comment below says only what is special about its own.
//
// Status      Every function that can fail returns a status. After one other than SC_OK, sc_last_error_message() of the same thread says
//             which argument was meant, what was expected and what was received. No input traps: NULL, counts, shapes and ids are checked.
//             What the engine can't check is that memory is as large as the specs say, and that a handle was not released before.
//             NULL where a pointer is needed, a count below 0 and an environment variable with a wrong value are SC_INVALID_ARGUMENT;
//             a dtype that is none is SC_WRONG_TYPE; memory that cannot be had is SC_OUT_OF_MEMORY. "Errors" names what else there is.
// Ownership   Handles are opaque and belong to the caller, who releases each once by its `_release`, which takes NULL. They are counted
//             inside: an op may be released before what was prepared from it, a graph before its executables, a variable before the graphs
//             that read it. Arrays and strings that are passed in are borrowed until the call returns, unless it says otherwise. Strings
//             that come back (`char **json`, in UTF-8) are freed by sc_string_release. A call that fails makes no handle and no string:
//             what they would be written to is then NULL or as it was, so begin with NULL.
// Counts      `*output_count` and its like hold the capacity of an array on entry and the number of elements after. A capacity that is too
//             small is SC_INVALID_ARGUMENT; the number is written then too. An array of no elements may be NULL.
// Memory      Tensors are dense, row-major, in the machine's byte order, aligned to their element size at least. 64-byte alignment spares
//             the kernels split loads; sc_buffer_acquire gives such memory. Outputs are written whole, need no content before, and
//             must not overlap inputs. Tensors without elements may be NULL.
// Threads     Any function may be called from any thread. Ops, prepared ops and packed constants may be used by many threads at once. So may
//             an executable; its runs follow one another, or go side by side where it is small and assigns nothing. A graph must not be
//             built by two threads at once, and a variable must not be written while something that uses it runs. A handle is released
//             when no call on it is under way. The engine's own threads sleep between calls, take no signals, and are made again after
//             a fork. Results have the same bits for any number of threads.
// Settings    Hold for the whole process, may be changed at any time, and reach what begins after. The environment variables
//             SWIFTCONV_NUM_THREADS, SWIFTCONV_CPU_LEVEL, SWIFTCONV_GEMM, SWIFTCONV_ALGORITHM, SWIFTCONV_PRECISION,
//             SWIFTCONV_MEMORY_LIMIT and SWIFTCONV_AUTOTUNE are read once, at first use.
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
// The SC_ABI_VERSION of the library that is loaded; see SC_ABI_MATCHES. It cannot fail.
int32_t sc_abi_version(void);
// Why the last call of this thread that failed did so, in UTF-8. Never NULL, "" before the first failure. The library owns it: it is valid
// until this thread's next failure or its end, and calls that succeed leave it as it is.
const char *sc_last_error_message(void);
// What the library runs on and how it is set. `*json`: an object with version, abi_version, compiler, cpu, level, level_source, levels,
// threads, threads_source, processors, gemm, openblas, precision, memory_limit, autotune.
sc_status sc_environment(char **json);
// Frees a string that came back from this library; NULL is nothing. Not for sc_last_error_message.
void sc_string_release(char *string);
// Sets how many threads a call may use, itself included: at least 1. Prepared ops follow at their next run (they choose an algorithm anew), and so do
// executables (they keep their algorithms; one that finds no room for more threads within the memory limit keeps their number too). Runs
// under way keep what they began with.
// Errors: SC_INVALID_ARGUMENT for a number out of range.
sc_status sc_set_num_threads(int32_t threads);
// How many threads a call may use now: at least 1. Not set, it is the number of cores that this process may use.
int32_t sc_num_threads(void);
// What this machine can do at most with `threads` threads (0: as many as are set), measured for about a quarter of a second, in which it
// should have nothing else to do. `*json`: an object with threads, level, gflops (float32), memory: [{name, working_set, read, copy}] in
// bytes and GB/s.
// Errors: SC_INVALID_ARGUMENT for a number out of range; SC_UNSUPPORTED where the CPU level has no loops to measure with.
sc_status sc_roofline(int32_t threads, char **json);
// "default", or "highest": no algorithm with fewer multiplications than the definition (Winograd). Executables keep what they were planned
// with; prepared ops follow at their next run.
// Errors: SC_INVALID_ARGUMENT for another word.
sc_status sc_set_precision(const char *precision);
// Bytes of work memory that one op, or one executable, may use; -1: no limit. What needs more is passed over, or refused with
// SC_OUT_OF_MEMORY when it is prepared or planned; a prepared op follows at its next run.
// Errors: SC_INVALID_ARGUMENT for a number below -1.
sc_status sc_set_memory_limit(int64_t bytes);
// Whether (0 or other) algorithms are chosen by measuring them, once for each shape; the choices are kept in a file. Preparing and planning
// then take longer, and results may differ in their last bits from one machine to another.
sc_status sc_set_autotune(int32_t on);

// ---- one op, at once --------------------------------------------------------------------------------------------------------
// `*op`: the op called `name` with `count` attributes; those that are left out have their defaults. Everything is copied. Values of
// attributes are checked when the op meets shapes (sc_op_infer, sc_op_prepare, sc_graph_apply).
// Errors: SC_INVALID_ARGUMENT for a name that no op has, an attribute that comes twice, a kind that is none.
sc_status sc_op_create(const char *name, const sc_attribute *attributes, int32_t count, sc_op **op);
// Gives the op back; what was prepared from it, and graphs that hold it, go on. NULL is nothing.
void sc_op_release(sc_op *op);
// The shape rule alone: `outputs` for the `input_count` specs at `inputs`. Nothing is computed or kept. `output_count`: see Counts.
// Errors: what the op's rule says: SC_INVALID_ARGUMENT for shapes, ranges, a number of inputs; SC_WRONG_TYPE for element types and kinds of
// attributes; SC_UNSUPPORTED.
sc_status sc_op_infer(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_spec *outputs, int32_t *output_count);
// `*prepared`: the op for inputs of these specs, checked, with an algorithm chosen; to be kept for as long as such inputs come. It holds no
// work memory between runs.
// Errors: as sc_op_infer; SC_OUT_OF_MEMORY where every algorithm needs more than the memory limit.
sc_status sc_op_prepare(const sc_op *op, const sc_spec *inputs, int32_t input_count, sc_prepared **prepared);
// The outputs' specs, in the order of sc_prepared_run. `output_count`: see Counts.
sc_status sc_prepared_outputs(const sc_prepared *prepared, sc_spec *outputs, int32_t *output_count);
// Computes: `inputs` has one pointer for each input, `outputs` one for each output, in order. The arrays are borrowed until the call
// returns. Many threads may run one prepared op at once; each run takes work memory of its own.
// Errors: SC_OUT_OF_MEMORY for that memory; what an op says of content (an index out of range). Outputs are then undefined.
sc_status sc_prepared_run(const sc_prepared *prepared, const void *const *inputs, void *const *outputs);
// `*prepared`: as sc_op_prepare, where the input number `constant_input` (from 0) stays the same over many runs (a filter): algorithms that
// pack it before they compute become cheaper. To gain by that, pack it by sc_prepared_pack and run by sc_prepared_run_packed.
// Errors: as sc_op_prepare; SC_INVALID_ARGUMENT where there is no such input.
sc_status sc_op_prepare_constant(const sc_op *op, const sc_spec *inputs, int32_t input_count, int32_t constant_input,
                                 sc_prepared **prepared);
// `*packed`: what the algorithm makes of the constant input's content at `data`, made once. NULL (with SC_OK) where there is nothing to
// keep: the algorithm packs nothing, or there is no room within the memory limit. `data` must stay unchanged for as long as `packed` is
// used, for it is still an input of each run; release `packed` before or after `prepared`.
// Errors: SC_INVALID_ARGUMENT where `prepared` does not come from sc_op_prepare_constant.
sc_status sc_prepared_pack(const sc_prepared *prepared, const void *data, sc_packed **packed);
// Whether (0 or 1) a run would use `packed`: not after a setting (threads, precision …) has changed, a run then packs for itself. 0 if
// either is NULL. Whoever meets 0 releases `packed` and packs again.
int32_t sc_prepared_accepts(const sc_prepared *prepared, const sc_packed *packed);
// As sc_prepared_run with a packed constant, which may be NULL or of no use any more (see sc_prepared_accepts): the result is the same. The
// constant's own pointer is among `inputs` nevertheless. Many threads may use one `packed`.
sc_status sc_prepared_run_packed(const sc_prepared *prepared, const sc_packed *packed, const void *const *inputs, void *const *outputs);
// Gives the packed constant back, when no run uses it. NULL is nothing.
void sc_packed_release(sc_packed *packed);
// How the op would be run with the settings of now. `*json`: an object with op, algorithm, flops, workspace_bytes, threads.
sc_status sc_prepared_describe(const sc_prepared *prepared, char **json);
// Gives the prepared op back, when no run of it is under way. NULL is nothing.
void sc_prepared_release(sc_prepared *prepared);

// ---- memory that is recycled: 64-byte aligned, of any content -------------------------------------------------------------------
// Memory for `bytes` bytes, for the caller until sc_buffer_release: what was given back before, or fresh. NULL when there is none, or for
// less than 0; 0 bytes have an address too. There is no status and no message. Any thread.
void *sc_buffer_acquire(int64_t bytes);
// Gives it back, with the size that was asked for; NULL is nothing. Any thread, also another one than that which acquired it. Up to 512 MiB
// are kept for the next who asks.
void sc_buffer_release(void *buffer, int64_t bytes);

// ---- variables ---------------------------------------------------------------------------------------------------------------
// `*variable`: memory of that type and shape, filled with zeros.
sc_status sc_variable_create(const sc_spec *spec, sc_variable **variable);
// Its memory, 64-byte aligned, to read and to write, which lives as long as the variable and whatever reads it; NULL for NULL. Not while an
// executable that reads or assigns the variable runs.
void *sc_variable_data(sc_variable *variable);
// To be called after writing through that pointer. Executables keep what they made from the content (packed filters) only of variables whose
// writers call this: the first call is the promise to do so after every later write. NULL is nothing.
void sc_variable_touch(sc_variable *variable);
// Gives the variable back; graphs and executables that read it keep it. After that its pointer is valid only as long as they are. NULL is
// nothing.
void sc_variable_release(sc_variable *variable);

// ---- graphs: values are small integers ------------------------------------------------------------------------------------------
// `*graph`: an empty graph. Its values count from 0 and mean nothing in another graph; a number that is no value of the graph is
// SC_INVALID_ARGUMENT in every function below. One thread at a time.
sc_status sc_graph_create(sc_graph **graph);
// Gives the graph back; its executables go on. NULL is nothing.
void sc_graph_release(sc_graph *graph);
// Whose work the nodes added from now on are (the name of a layer, which is copied), for the reports of executables. NULL: nobody's.
sc_status sc_graph_label(sc_graph *graph, const char *label);
// `*value`: a value of that type and shape that runs are fed with.
sc_status sc_graph_placeholder(sc_graph *graph, const sc_spec *spec, int32_t *value);
// `*value`: a value with the content at `data`, which is copied.
sc_status sc_graph_constant(sc_graph *graph, const sc_spec *spec, const void *data, int32_t *value);
// `*value`: the content of the variable when a run begins; the same value however often it is asked for. The graph keeps the variable.
sc_status sc_graph_variable(sc_graph *graph, sc_variable *variable, int32_t *value);
// Adds `op` on the `input_count` values at `inputs`; its outputs' values come to `outputs`. `output_count`: see Counts; where the capacity is
// too small, the op was added all the same (what nobody fetches is not computed), so ask sc_op_infer where it is not known.
// Errors: as sc_op_infer.
sc_status sc_graph_apply(sc_graph *graph, const sc_op *op, const int32_t *inputs, int32_t input_count, int32_t *outputs,
                         int32_t *output_count);
// At the end of a run the variable holds `value`, which must be of its type and shape. Reads of the variable in the graph see the old
// content. A later assignment of the same variable replaces it. The graph keeps the variable.
// Errors: SC_INVALID_ARGUMENT for another type or shape.
sc_status sc_graph_assign(sc_graph *graph, sc_variable *variable, int32_t value);
// d(sum of targets · seeds)/d(sources), as new nodes of the graph: `gradients` has room for `source_count` values, each of the type and
// shape of its source. `seeds` has `target_count` values of the targets' types and shapes; a seed of -1, or seeds of NULL, stand for ones.
// A gradient of -1 stands for none: no target depends on that source, or only by integers and ops without a gradient.
// Errors: SC_INVALID_ARGUMENT for a seed of another type or shape; what the ops say that the gradients are made of.
sc_status sc_graph_gradient(sc_graph *graph, const int32_t *targets, const int32_t *seeds, int32_t target_count,
                            const int32_t *sources, int32_t source_count, int32_t *gradients);
// `*spec`: type and shape of a value.
sc_status sc_graph_spec(const sc_graph *graph, int32_t value, sc_spec *spec);
// What the graph consists of, to be read by people and tests. `*json`: an object with values, nodes, assignments.
sc_status sc_graph_describe(const sc_graph *graph, char **json);
// Writes what `outputs` need, down to `inputs` (placeholders), into the file at `path`: a safetensors file whose metadata holds the ops.
// Variables are saved as constants with the content that they have now; assignments are left out. The file is replaced as a whole.
// Errors: SC_INVALID_ARGUMENT for an input that is no placeholder or comes twice, a placeholder that is needed and not among the inputs, a
// file that cannot be written; the old file is then untouched.
sc_status sc_graph_save(const sc_graph *graph, const int32_t *inputs, int32_t input_count, const int32_t *outputs, int32_t output_count,
                        const char *path);
// `*graph`: a graph from such a file, which Python's model.export writes too, with the values of its `inputs` and `outputs` in the order they
// were saved in. `input_count`, `output_count`: see Counts. The file may go after the call. Nothing in it is ever run as code.
// Errors: SC_INVALID_ARGUMENT for a file that cannot be read or is damaged; SC_UNSUPPORTED for a later version of the format.
sc_status sc_graph_load(const char *path, sc_graph **graph, int32_t *inputs, int32_t *input_count, int32_t *outputs,
                        int32_t *output_count);

// ---- executables --------------------------------------------------------------------------------------------------------------
// `*executable`: the graph as it is now, planned: folded, fused, every op with an algorithm, every value with a place. What is added to the
// graph later does not reach it. `feeds` may be any values (what only they need is not computed), `fetches` too, also twice the same;
// placeholders that fetches or assignments need must be fed. Its work memory is taken here and kept.
// Errors: SC_INVALID_ARGUMENT for a value fed twice or a placeholder that is missing; SC_OUT_OF_MEMORY where no plan keeps within the memory
// limit (the message names the least that works).
sc_status sc_executable_create(const sc_graph *graph, const int32_t *feeds, int32_t feed_count, const int32_t *fetches,
                               int32_t fetch_count, sc_executable **executable);
// Computes the fetches and makes the assignments: one pointer for each feed and each fetch, in the order of sc_executable_create. Fetches
// must overlap neither feeds nor variables. Either array may be NULL where it has no elements.
// Errors: what an op says of content (a label out of range). Fetches are then undefined; variables keep their content, unless what failed
// reads a variable's new one.
sc_status sc_executable_run(sc_executable *executable, const void *const *feeds, void *const *fetches);
// Runs once, as sc_executable_run, and says how long each node of sc_executable_describe took, in its order, in `nanoseconds`. `count`: see
// Counts; where the capacity is too small, nothing is run. Nodes that need not be run take 0.
sc_status sc_executable_profile(sc_executable *executable, const void *const *feeds, void *const *fetches, int64_t *nanoseconds,
                                int32_t *count);
// The plan. `*json`: an object with nodes and their algorithms, buffers with offset and bytes, arena and peak bytes, what was fused.
sc_status sc_executable_describe(const sc_executable *executable, char **json);
// Gives the executable and its work memory back, when no run of it is under way. NULL is nothing.
void sc_executable_release(sc_executable *executable);

// ---- without handles: float32, NHWC, filter HWIO ----------------------------------------------------------------------------------------
// What was prepared for a geometry is remembered (64 of them), so that a repeated call costs a look-up. Many threads may call at once.
typedef struct {
    int64_t n, h, w, c;                                // input
    int64_t kh, kw, oc, groups;                        // filter [kh][kw][c / groups][oc]
    int64_t stride_h, stride_w, dilation_h, dilation_w;
    int64_t pad_top, pad_bottom, pad_left, pad_right;
} sc_conv2d_geometry;

// The convolution y[n][oh][ow][oc] = x[n][h][w][c] * filter (+ bias[oc], which may be NULL), where
// oh = (h + pad_top + pad_bottom - dilation_h * (kh - 1) - 1) / stride_h + 1, ow alike.
// Errors: SC_INVALID_ARGUMENT for sizes that make no convolution, groups that do not divide c and oc.
sc_status sc_conv2d(const sc_conv2d_geometry *geometry, const float *x, const float *filter, const float *bias, float *y);
// The gradient dx[n][h][w][c] that reaches x when dy[n][oh][ow][oc] reaches y. Errors as sc_conv2d.
sc_status sc_conv2d_backward_input(const sc_conv2d_geometry *geometry, const float *filter, const float *dy, float *dx);
// The gradient dfilter[kh][kw][c / groups][oc] that reaches the filter then. Errors as sc_conv2d.
sc_status sc_conv2d_backward_filter(const sc_conv2d_geometry *geometry, const float *x, const float *dy, float *dfilter);
// The matrix product c[m][n] = a[m][k] · b[k][n], all row-major and dense; k = 0 gives zeros.
// Errors: SC_INVALID_ARGUMENT for sizes below 0.
sc_status sc_gemm(int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c);

#ifdef __cplusplus
}
#endif
#endif
