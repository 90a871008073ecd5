// The CPython extension `swiftconv._native`: a thin wrapper of swiftconv.h for the limited API of Python 3.11.
//
// module.c   module functions, errors           memory.c  Variable, Buffer (memory of the engine that Python borrows)
// values.c   specs, dtypes, borrowing arrays    op.c      Op: attributes, runs, shape rule
// graph.c    Graph, Executable                  prepared.c  an Op's prepared ops, packed forms of constants
#ifndef SWIFTCONV_NATIVE_H
#define SWIFTCONV_NATIVE_H

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "swiftconv.h"

// More inputs than this are taken from the heap.
#define FEW 8
// The most outputs of one op.
#define MOST_OUTPUTS 16

// ---- module.c ----
typedef struct {
    PyObject *ndarray;   // numpy.ndarray
    PyObject *empty;     // numpy.empty
    PyObject *fallback;  // called with (op, inputs) for inputs that are not plain arrays; set by swiftconv._core
    PyObject *invalid_argument;
    PyObject *unimplemented;
} native_state;
extern native_state native;

// Sets the exception for a status and the last message of this thread; gives NULL.
PyObject *raise_status(sc_status status);
// A str from a string of the engine, which is released; NULL with the exception if the status is not SC_OK.
PyObject *take_string(sc_status status, char *text);

// ---- values.c ----
typedef struct {
    const char *name;
    const char *format;  // of the buffer protocol
    Py_ssize_t size;
} dtype_info;
extern const dtype_info DTYPES[6];

int64_t spec_bytes(const sc_spec *spec);
// 0, or -1 with an exception.
int spec_from_objects(PyObject *dtype, PyObject *shape, sc_spec *spec);
PyObject *shape_tuple(const sc_spec *spec);
// (dtype, shape)
PyObject *spec_tuple(const sc_spec *spec);
// The integers of a sequence, to be freed with PyMem_Free; None counts as -1 if `optional`. NULL with an exception.
int64_t *integers(PyObject *sequence, int optional, const char *what, Py_ssize_t *count);
// The same for ids of values in a graph.
int32_t *ids_from_list(PyObject *list, int optional, int32_t *count);
PyObject *ids_to_list(const int32_t *ids, int32_t count);
PyObject *specs_to_list(const sc_spec *specs, int32_t count);

typedef enum { BORROWED = 0, NOT_PLAIN = 1, FAILED = -1 } borrow_result;
// The memory of a NumPy array that the engine can read in place. NOT_PLAIN sets no exception.
borrow_result borrow(PyObject *object, Py_buffer *view, sc_spec *spec);
// Says what the array lacks; gives NULL.
PyObject *raise_not_plain(const char *what, Py_ssize_t position, PyObject *object);

// An array for one output: its `args` are (shape, dtype) for numpy.empty; `data` is its memory. Large ones come from recycled memory.
PyObject *new_output(PyObject *args, int64_t bytes, void **data);
// The args of `new_output`.
PyObject *output_args(const sc_spec *spec);

// ---- memory.c ----
extern PyTypeObject *variable_type;
sc_variable *variable_handle(PyObject *variable);  // NULL with an exception if it is none
PyObject *new_buffer(int64_t bytes, void **data);
int add_memory_types(PyObject *module);

// ---- prepared.c ----
// An op bound to input specs. It outlives its place in the cache while a call is under way without the GIL.
typedef struct {
    sc_prepared *prepared;
    int32_t references;
    int32_t inputs, outputs;
    int32_t constant;                   // the input that stays the same over many runs, or -1
    sc_spec *specs;                     // of the inputs
    PyObject *args[MOST_OUTPUTS];       // for new_output
    int64_t bytes[MOST_OUTPUTS];
} prepared_entry;

// How many sets of input specs one op remembers; the one used longest ago goes first.
#define REMEMBERED 32
typedef struct {
    int32_t count;
    prepared_entry *entries[REMEMBERED];  // the latest first
} prepared_cache;

// The prepared op for these specs, with a reference for the caller. `constant`: the input that stays the same over many runs, or -1.
prepared_entry *entry_for(const sc_op *op, prepared_cache *cache, const sc_spec *specs, int32_t inputs, int32_t constant);
void entry_release(prepared_entry *entry);
void cache_release(prepared_cache *cache);
// Runs on `inputs`; one array, or a tuple. With `list`, the packed forms of the constant input are kept there.
PyObject *entry_run(prepared_entry *entry, PyObject *list, const void *const *inputs);

// ---- op.c ----
const sc_op *op_handle(PyObject *op);  // NULL with an exception if it is none
int add_op_type(PyObject *module);

// ---- graph.c ----
int add_graph_types(PyObject *module);

// The type made from a spec, added to the module under its name; NULL with an exception.
PyTypeObject *add_type(PyObject *module, PyType_Spec *spec, const char *name);
// The ends of a heap object's life.
void *allocate(PyTypeObject *type);
void release(PyObject *object);

#endif
