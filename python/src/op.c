// Op: a name with attributes, and the prepared ops of the input specs that it met lately.
#include "native.h"

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
    PyObject_HEAD
    sc_op *handle;
    PyObject *name;
    PyObject *attributes;
    int32_t count;
    prepared_entry *entries[REMEMBERED];  // the latest first
} op_object;

static PyTypeObject *op_type;

const sc_op *op_handle(PyObject *object) {
    if (Py_TYPE(object) != op_type) {
        PyErr_Format(PyExc_TypeError, "expected a swiftconv._native.Op, received %R", object);
        return NULL;
    }
    return ((op_object *)object)->handle;
}

// ---- attributes -------------------------------------------------------------------------------------------------------------------

// Fills one attribute; `*memory` (to be freed with PyMem_Free) and `value` hold what it points to. -1 with an exception.
static int attribute_from_object(PyObject *value, sc_attribute *attribute, void **memory) {
    attribute->count = 1;
    if (PyUnicode_Check(value)) {
        attribute->kind = SC_ATTRIBUTE_STRING;
        attribute->string = PyUnicode_AsUTF8AndSize(value, NULL);
    } else if (PySequence_Check(value) || PyIndex_Check(value)) {
        PyObject *sequence = PySequence_Check(value) ? Py_NewRef(value) : PyTuple_Pack(1, value);
        Py_ssize_t count = 0;
        attribute->ints = *memory = sequence ? integers(sequence, 0, attribute->key, &count) : NULL;
        attribute->kind = sequence == value ? SC_ATTRIBUTE_INTS : SC_ATTRIBUTE_INT;
        attribute->count = (int32_t)count;
        Py_XDECREF(sequence);
    } else {
        PyObject *real = PyNumber_Float(value);
        double *number = *memory = PyMem_Malloc(sizeof *number);
        if (real && number) *number = PyFloat_AsDouble(real);
        if (!number) PyErr_NoMemory();
        Py_XDECREF(real);
        attribute->kind = SC_ATTRIBUTE_DOUBLE;
        attribute->number = number;
    }
    return PyErr_Occurred() ? -1 : 0;
}

static int create_op(op_object *self, PyObject *name, PyObject *attributes) {
    PyObject *items = PyDict_Items(attributes);
    Py_ssize_t n = items ? PyList_Size(items) : 0;
    sc_attribute *list = PyMem_Calloc((size_t)n + 1, sizeof *list);
    void **memory = PyMem_Calloc((size_t)n + 1, sizeof *memory);
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!list || !memory) PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < n && !PyErr_Occurred(); i++) {
        PyObject *item = PyList_GetItem(items, i), *key = PyTuple_GetItem(item, 0);
        list[i].key = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, NULL) : NULL;
        if (list[i].key)
            attribute_from_object(PyTuple_GetItem(item, 1), &list[i], &memory[i]);
        else if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "Op: attributes: expected names that are strings");
    }
    if (!PyErr_Occurred()) {
        sc_status status = sc_op_create(text, list, (int32_t)n, &self->handle);
        if (status != SC_OK) self->handle = NULL, raise_status(status);
    }
    for (Py_ssize_t i = 0; memory && i < n; i++) PyMem_Free(memory[i]);
    PyMem_Free(memory);
    PyMem_Free(list);
    Py_XDECREF(items);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *op_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"name", "attributes", NULL};
    PyObject *name, *attributes = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U|O!:Op", names, &name, &PyDict_Type, &attributes)) return NULL;
    PyObject *own = attributes ? PyDict_Copy(attributes) : PyDict_New();
    if (!own) return NULL;
    op_object *self = allocate(type);
    if (!self) {
        Py_DECREF(own);
        return NULL;
    }
    self->name = Py_NewRef(name);
    self->attributes = own;
    if (create_op(self, name, own) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

// ---- prepared ops -------------------------------------------------------------------------------------------------------------------

static void entry_release(prepared_entry *entry) {
    if (--entry->references > 0) return;
    for (int32_t i = 0; i < entry->outputs; i++) Py_XDECREF(entry->args[i]);
    sc_prepared_release(entry->prepared);
    PyMem_Free(entry->specs);
    PyMem_Free(entry);
}

static void op_dealloc(PyObject *object) {
    op_object *self = (op_object *)object;
    for (int32_t i = 0; i < self->count; i++) entry_release(self->entries[i]);
    sc_op_release(self->handle);
    Py_XDECREF(self->name);
    Py_XDECREF(self->attributes);
    release(object);
}

static int same_specs(const sc_spec *a, const sc_spec *b, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (a[i].dtype != b[i].dtype || a[i].rank != b[i].rank) return 0;
        for (int32_t d = 0; d < a[i].rank; d++)
            if (a[i].shape[d] != b[i].shape[d]) return 0;
    }
    return 1;
}

static prepared_entry *entry_new(op_object *self, const sc_spec *specs, int32_t inputs, int32_t constant) {
    prepared_entry *entry = PyMem_Calloc(1, sizeof *entry);
    sc_spec *own = PyMem_Malloc((inputs ? (size_t)inputs : 1) * sizeof *own);
    if (!entry || !own) {
        PyMem_Free(entry);
        PyMem_Free(own);
        PyErr_NoMemory();
        return NULL;
    }
    entry->references = 1;
    entry->inputs = inputs;
    entry->constant = constant;
    entry->specs = memcpy(own, specs, (size_t)inputs * sizeof *own);
    sc_spec outputs[MOST_OUTPUTS];
    int32_t count = MOST_OUTPUTS;
    sc_status status = constant < 0 ? sc_op_prepare(self->handle, specs, inputs, &entry->prepared)
                                    : sc_op_prepare_constant(self->handle, specs, inputs, constant, &entry->prepared);
    if (status != SC_OK) entry->prepared = NULL;
    if (status == SC_OK) status = sc_prepared_outputs(entry->prepared, outputs, &count);
    if (status != SC_OK) {
        raise_status(status);
        entry_release(entry);
        return NULL;
    }
    for (; entry->outputs < count; entry->outputs++) {
        entry->bytes[entry->outputs] = spec_bytes(&outputs[entry->outputs]);
        entry->args[entry->outputs] = output_args(&outputs[entry->outputs]);
        if (!entry->args[entry->outputs]) {
            entry_release(entry);
            return NULL;
        }
    }
    return entry;
}

// The prepared op for these specs, with a reference for the caller.
static prepared_entry *entry_for(op_object *self, const sc_spec *specs, int32_t inputs, int32_t constant) {
    for (int32_t i = 0; i < self->count; i++) {
        prepared_entry *entry = self->entries[i];
        if (entry->inputs != inputs || entry->constant != constant || !same_specs(entry->specs, specs, inputs)) continue;
        if (i) {
            memmove(self->entries + 1, self->entries, (size_t)i * sizeof *self->entries);
            self->entries[0] = entry;
        }
        entry->references++;
        return entry;
    }
    prepared_entry *entry = entry_new(self, specs, inputs, constant);
    if (!entry) return NULL;
    if (self->count == REMEMBERED) entry_release(self->entries[--self->count]);
    memmove(self->entries + 1, self->entries, (size_t)self->count * sizeof *self->entries);
    self->entries[0] = entry;
    self->count++;
    entry->references++;
    return entry;
}

// ---- packed forms: kept in a list that belongs to the constant itself ------------------------------------------------------------------

// The most packed forms of one constant.
#define MOST_PACKED 8
static const char PACKED[] = "swiftconv.packed";

typedef struct {
    prepared_entry *entry;
    sc_packed *packed;  // NULL: there is nothing to pack
} packed_form;

static void packed_free(PyObject *capsule) {
    packed_form *form = PyCapsule_GetPointer(capsule, PACKED);
    if (!form) return;
    sc_packed_release(form->packed);
    entry_release(form->entry);
    PyMem_Free(form);
}

// Appends what the op makes of `data` to `list`. -1 with an exception.
static int packed_add(PyObject *list, prepared_entry *entry, const void *data) {
    packed_form *form = PyMem_Calloc(1, sizeof *form);
    if (!form) return PyErr_NoMemory(), -1;
    sc_status status;
    Py_BEGIN_ALLOW_THREADS
    status = sc_prepared_pack(entry->prepared, data, &form->packed);
    Py_END_ALLOW_THREADS
    form->entry = entry;
    entry->references++;
    PyObject *capsule = status == SC_OK ? PyCapsule_New(form, PACKED, packed_free) : raise_status(status);
    if (!capsule) {
        sc_packed_release(form->packed);
        entry_release(entry);
        PyMem_Free(form);
        return -1;
    }
    if (PyList_Size(list) >= MOST_PACKED) PyList_SetSlice(list, 0, 1, NULL);
    int result = PyList_Append(list, capsule);
    Py_DECREF(capsule);
    return result;
}

// The capsule in `list` for this entry, made when it is missing or outdated, with a reference for the caller.
static PyObject *packed_for(PyObject *list, prepared_entry *entry, const void *data) {
    for (int attempt = 0; attempt < 2; attempt++) {
        for (Py_ssize_t i = PyList_Size(list) - 1; i >= 0; i--) {
            PyObject *capsule = PyList_GetItem(list, i);
            packed_form *form = capsule ? PyCapsule_GetPointer(capsule, PACKED) : NULL;
            if (!form) return NULL;
            if (form->entry != entry) continue;
            if (attempt || !form->packed || sc_prepared_accepts(entry->prepared, form->packed)) return Py_NewRef(capsule);
            PyList_SetSlice(list, i, i + 1, NULL);
        }
        if (packed_add(list, entry, data) < 0) return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *run_entry(prepared_entry *entry, const sc_packed *packed, const void *const *inputs) {
    PyObject *arrays[MOST_OUTPUTS];
    void *outputs[MOST_OUTPUTS];
    int32_t made = 0;
    for (; made < entry->outputs; made++) {
        arrays[made] = new_output(entry->args[made], entry->bytes[made], &outputs[made]);
        if (!arrays[made]) break;
    }
    if (made == entry->outputs) {
        sc_status status;
        Py_BEGIN_ALLOW_THREADS
        status = packed ? sc_prepared_run_packed(entry->prepared, packed, inputs, outputs)
                        : sc_prepared_run(entry->prepared, inputs, outputs);
        Py_END_ALLOW_THREADS
        if (status == SC_OK && made == 1) return arrays[0];
        PyObject *result = status == SC_OK ? PyTuple_New(made) : raise_status(status);
        if (result) {
            for (int32_t i = 0; i < made; i++) PyTuple_SetItem(result, i, arrays[i]);
            return result;
        }
    }
    while (made) Py_DECREF(arrays[--made]);
    return NULL;
}

static PyObject *call_fallback(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (!native.fallback) {
        PyErr_SetString(PyExc_RuntimeError, "swiftconv._native: no fallback is set");
        return NULL;
    }
    PyObject *inputs = PyTuple_New(count);
    for (Py_ssize_t i = 0; inputs && i < count; i++) PyTuple_SetItem(inputs, i, Py_NewRef(args[i]));
    PyObject *result = inputs ? PyObject_CallFunctionObjArgs(native.fallback, self, inputs, NULL) : NULL;
    Py_XDECREF(inputs);
    return result;
}

// `run_entry` with the packed form of the constant input that `list` keeps.
static PyObject *run_packed(prepared_entry *entry, PyObject *list, const void *const *inputs) {
    PyObject *capsule = packed_for(list, entry, inputs[entry->constant]);
    packed_form *form = capsule && capsule != Py_None ? PyCapsule_GetPointer(capsule, PACKED) : NULL;
    PyObject *result = PyErr_Occurred() ? NULL : run_entry(entry, form ? form->packed : NULL, inputs);
    Py_XDECREF(capsule);
    return result;
}

// Runs the op on arrays; inputs that are not plain arrays go to the fallback, or are refused if `strict`. With `list`, the packed forms of
// input `constant` are kept there.
static PyObject *run(PyObject *object, PyObject *const *args, Py_ssize_t count, int strict, int32_t constant, PyObject *list) {
    op_object *self = (op_object *)object;
    Py_buffer few_views[FEW], *views = few_views;
    sc_spec few_specs[FEW], *specs = few_specs;
    const void *few_inputs[FEW], **inputs = few_inputs;
    char *memory = NULL;
    if (count > FEW) {
        memory = count < 1 << 20 ? PyMem_Malloc((size_t)count * (sizeof *views + sizeof *specs + sizeof *inputs)) : NULL;
        if (!memory) return PyErr_NoMemory();
        views = (Py_buffer *)memory;
        specs = (sc_spec *)(memory + (size_t)count * sizeof *views);
        inputs = (const void **)(memory + (size_t)count * (sizeof *views + sizeof *specs));
    }
    PyObject *result = NULL;
    Py_ssize_t borrowed = 0;
    borrow_result outcome = BORROWED;
    for (; borrowed < count; borrowed++) {
        outcome = borrow(args[borrowed], &views[borrowed], &specs[borrowed]);
        if (outcome != BORROWED) break;
        inputs[borrowed] = views[borrowed].buf;
    }
    if (outcome == BORROWED) {
        prepared_entry *entry = entry_for(self, specs, (int32_t)count, constant);
        if (entry) {
            result = list ? run_packed(entry, list, inputs) : run_entry(entry, NULL, inputs);
            entry_release(entry);
        }
    } else if (outcome == NOT_PLAIN && strict) {
        const char *name = PyUnicode_AsUTF8AndSize(self->name, NULL);
        raise_not_plain(name ? name : "op", borrowed, args[borrowed]);
    }
    while (borrowed) PyBuffer_Release(&views[--borrowed]);
    PyMem_Free(memory);
    return outcome == NOT_PLAIN && !strict ? call_fallback(object, args, count) : result;
}

static PyObject *op_run(PyObject *self, PyObject *const *args, Py_ssize_t count) { return run(self, args, count, 1, -1, NULL); }

static PyObject *op_apply(PyObject *self, PyObject *const *args, Py_ssize_t count) { return run(self, args, count, 0, -1, NULL); }

static PyObject *op_run_constant(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    long position = count >= 2 ? PyLong_AsLong(args[0]) : -1;
    if (PyErr_Occurred()) return NULL;
    if (position < 0 || position >= count - 2 || !PyList_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "run_constant: expected the position of an input, a list, and the arrays");
        return NULL;
    }
    return run(self, args + 2, count - 2, 1, (int32_t)position, args[1]);
}

static PyObject *op_call(PyObject *self, PyObject *args, PyObject *kwargs) {
    PyObject *method = PyObject_GetAttrString(self, "run");
    PyObject *result = method ? PyObject_Call(method, args, kwargs) : NULL;
    Py_XDECREF(method);
    return result;
}

// ---- shapes, description --------------------------------------------------------------------------------------------------------------

// The specs of a sequence of (dtype, shape); to be freed with PyMem_Free. NULL with an exception.
static sc_spec *specs_from_list(PyObject *list, int32_t *count) {
    PyObject *items = PySequence_Tuple(list);
    if (!items) return NULL;
    Py_ssize_t n = PyTuple_Size(items);
    sc_spec *specs = n < 1 << 20 ? PyMem_Calloc(n ? (size_t)n : 1, sizeof *specs) : NULL;
    if (!specs) PyErr_NoMemory();
    for (Py_ssize_t i = 0; specs && i < n && !PyErr_Occurred(); i++) {
        PyObject *pair = PySequence_Tuple(PyTuple_GetItem(items, i));
        if (pair && PyTuple_Size(pair) == 2) {
            spec_from_objects(PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1), &specs[i]);
        } else if (pair) {
            PyErr_SetString(PyExc_TypeError, "expected pairs of (dtype, shape)");
        }
        Py_XDECREF(pair);
    }
    Py_DECREF(items);
    *count = (int32_t)n;
    if (specs && PyErr_Occurred()) {
        PyMem_Free(specs);
        specs = NULL;
    }
    return specs;
}

static PyObject *op_infer(PyObject *object, PyObject *list) {
    int32_t inputs = 0, count = MOST_OUTPUTS;
    sc_spec outputs[MOST_OUTPUTS];
    sc_spec *specs = specs_from_list(list, &inputs);
    if (!specs) return NULL;
    sc_status status = sc_op_infer(((op_object *)object)->handle, specs, inputs, outputs, &count);
    PyMem_Free(specs);
    return status == SC_OK ? specs_to_list(outputs, count) : raise_status(status);
}

static PyObject *op_describe(PyObject *object, PyObject *list) {
    int32_t inputs = 0;
    sc_spec *specs = specs_from_list(list, &inputs);
    if (!specs) return NULL;
    prepared_entry *entry = entry_for((op_object *)object, specs, inputs, -1);
    PyMem_Free(specs);
    if (!entry) return NULL;
    char *text = NULL;
    sc_status status = sc_prepared_describe(entry->prepared, &text);
    PyObject *result = take_string(status, text);
    entry_release(entry);
    return result;
}

static PyObject *op_name(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(((op_object *)self)->name);
}

static PyObject *op_attributes(PyObject *self, void *unused) {
    (void)unused;
    return PyDict_Copy(((op_object *)self)->attributes);
}

static PyObject *op_repr(PyObject *object) {
    op_object *self = (op_object *)object;
    return PyUnicode_FromFormat("Op(%R, %R)", self->name, self->attributes);
}

static PyMethodDef op_methods[] = {
    {"run", (PyCFunction)(void (*)(void))op_run, METH_FASTCALL, "run(*arrays): the op on plain arrays; one array, or a tuple."},
    {"run_constant", (PyCFunction)(void (*)(void))op_run_constant, METH_FASTCALL,
     "run_constant(position, kept, *arrays): `run`; what the op makes of the input at `position`, which never changes, is kept in the list."},
    {"apply", (PyCFunction)(void (*)(void))op_apply, METH_FASTCALL, "apply(*values): `run` for plain arrays, else the fallback."},
    {"infer", op_infer, METH_O, "infer([(dtype, shape), …]): types and shapes of the outputs."},
    {"describe", op_describe, METH_O, "describe([(dtype, shape), …]): algorithm, flops and workspace, as JSON."},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef op_properties[] = {
    {"name", op_name, NULL, "The op's name.", NULL},
    {"attributes", op_attributes, NULL, "A copy of its attributes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot op_slots[] = {
    {Py_tp_new, op_new},
    {Py_tp_dealloc, op_dealloc},
    {Py_tp_call, op_call},
    {Py_tp_repr, op_repr},
    {Py_tp_methods, op_methods},
    {Py_tp_getset, op_properties},
    {Py_tp_doc, "Op(name, attributes): an op of the engine."},
    {0, NULL},
};
static PyType_Spec op_spec = {"swiftconv._native.Op", sizeof(op_object), 0, Py_TPFLAGS_DEFAULT, op_slots};

int add_op_type(PyObject *module) {
    op_type = add_type(module, &op_spec, "Op");
    return op_type ? 0 : -1;
}
