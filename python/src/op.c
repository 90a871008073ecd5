// Op: a name with attributes, its runs on arrays, its shape rule.
#include "native.h"

typedef struct {
    PyObject_HEAD
    sc_op *handle;
    PyObject *name;
    PyObject *attributes;
    prepared_cache prepared;
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

// ---- runs ---------------------------------------------------------------------------------------------------------------------------

static void op_dealloc(PyObject *object) {
    op_object *self = (op_object *)object;
    cache_release(&self->prepared);
    sc_op_release(self->handle);
    Py_XDECREF(self->name);
    Py_XDECREF(self->attributes);
    release(object);
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
        prepared_entry *entry = entry_for(self->handle, &self->prepared, specs, (int32_t)count, constant);
        if (entry) {
            result = entry_run(entry, list, inputs);
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
    op_object *self = (op_object *)object;
    prepared_entry *entry = entry_for(self->handle, &self->prepared, specs, inputs, -1);
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
