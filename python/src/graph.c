// Graph and Executable.

#include "native.h"

// ---- Graph ------------------------------------------------------------------------------------------------------------------------

typedef struct {
    PyObject_HEAD
    sc_graph *handle;
} graph_object;

static PyTypeObject *graph_type;

static sc_graph *handle_of(PyObject *self) { return ((graph_object *)self)->handle; }

// An id, -1 (which no graph has) for one out of range; or an exception.
static int32_t id_from_object(PyObject *object) {
    int overflow = 0;
    long id = PyLong_AsLongAndOverflow(object, &overflow);
    return overflow || id < -1 || id > INT32_MAX ? -1 : (int32_t)id;
}

static PyObject *graph_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {NULL};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":Graph", names)) return NULL;
    graph_object *self = allocate(type);
    if (!self) return NULL;
    sc_status status = sc_graph_create(&self->handle);
    if (status != SC_OK) {
        self->handle = NULL;
        raise_status(status);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void graph_dealloc(PyObject *object) {
    sc_graph_release(handle_of(object));
    release(object);
}

static PyObject *id_or_error(sc_status status, int32_t id) { return status == SC_OK ? PyLong_FromLong(id) : raise_status(status); }

static PyObject *graph_label(PyObject *self, PyObject *text) {
    PyObject *bytes = PyUnicode_AsUTF8String(text);
    char *label = bytes ? PyBytes_AsString(bytes) : NULL;
    if (!label) {
        Py_XDECREF(bytes);
        return NULL;
    }
    sc_status status = sc_graph_label(handle_of(self), label);
    Py_DECREF(bytes);
    if (status != SC_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject *graph_placeholder(PyObject *self, PyObject *args) {
    PyObject *dtype, *shape;
    sc_spec spec;
    int32_t id = -1;
    if (!PyArg_ParseTuple(args, "OO:placeholder", &dtype, &shape) || spec_from_objects(dtype, shape, &spec) < 0) return NULL;
    return id_or_error(sc_graph_placeholder(handle_of(self), &spec, &id), id);
}

static PyObject *graph_constant(PyObject *self, PyObject *array) {
    Py_buffer view;
    sc_spec spec = {0};
    int32_t id = -1;
    borrow_result outcome = borrow(array, &view, &spec);
    if (outcome == NOT_PLAIN) return raise_not_plain("constant", 0, array);
    if (outcome == FAILED) return NULL;
    sc_status status = sc_graph_constant(handle_of(self), &spec, view.buf, &id);
    PyBuffer_Release(&view);
    return id_or_error(status, id);
}

static PyObject *graph_variable(PyObject *self, PyObject *variable) {
    sc_variable *handle = variable_handle(variable);
    int32_t id = -1;
    return handle ? id_or_error(sc_graph_variable(handle_of(self), handle, &id), id) : NULL;
}

static PyObject *graph_apply(PyObject *self, PyObject *args) {
    PyObject *op, *list;
    int32_t count = 0, outputs[MOST_OUTPUTS], output_count = MOST_OUTPUTS;
    if (!PyArg_ParseTuple(args, "OO:apply", &op, &list)) return NULL;
    const sc_op *handle = op_handle(op);
    int32_t *inputs = handle ? ids_from_list(list, 0, &count) : NULL;
    if (!inputs) return NULL;
    sc_status status = sc_graph_apply(handle_of(self), handle, inputs, count, outputs, &output_count);
    PyMem_Free(inputs);
    return status == SC_OK ? ids_to_list(outputs, output_count) : raise_status(status);
}

static PyObject *graph_assign(PyObject *self, PyObject *args) {
    PyObject *variable, *value;
    if (!PyArg_ParseTuple(args, "OO:assign", &variable, &value)) return NULL;
    int32_t id = id_from_object(value);
    sc_variable *handle = PyErr_Occurred() ? NULL : variable_handle(variable);
    if (!handle) return NULL;
    sc_status status = sc_graph_assign(handle_of(self), handle, id);
    if (status != SC_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject *graph_gradient(PyObject *self, PyObject *args) {
    PyObject *target_list, *seed_list, *source_list, *result = NULL;
    int32_t target_count = 0, seed_count = 0, source_count = 0;
    if (!PyArg_ParseTuple(args, "OOO:gradient", &target_list, &seed_list, &source_list)) return NULL;
    int32_t *targets = ids_from_list(target_list, 0, &target_count);
    int32_t *seeds = targets && seed_list != Py_None ? ids_from_list(seed_list, 1, &seed_count) : NULL;
    int32_t *sources = PyErr_Occurred() ? NULL : ids_from_list(source_list, 0, &source_count);
    int32_t *found = sources ? PyMem_Malloc(((size_t)source_count + 1) * sizeof *found) : NULL;
    if (sources && !found) PyErr_NoMemory();
    if (found && seeds && seed_count != target_count) {
        PyErr_Format(native.invalid_argument, "gradient: seeds: expected %d, received %d", (int)target_count, (int)seed_count);
    } else if (found) {
        sc_status status = sc_graph_gradient(handle_of(self), targets, seeds, target_count, sources, source_count, found);
        result = status == SC_OK ? ids_to_list(found, source_count) : raise_status(status);
    }
    PyMem_Free(targets);
    PyMem_Free(seeds);
    PyMem_Free(sources);
    PyMem_Free(found);
    return result;
}

static PyObject *graph_spec(PyObject *self, PyObject *value) {
    int32_t id = id_from_object(value);
    if (PyErr_Occurred()) return NULL;
    sc_spec spec;
    sc_status status = sc_graph_spec(handle_of(self), id, &spec);
    return status == SC_OK ? spec_tuple(&spec) : raise_status(status);
}

static PyObject *graph_describe(PyObject *self, PyObject *unused) {
    (void)unused;
    char *text = NULL;
    sc_status status = sc_graph_describe(handle_of(self), &text);
    return take_string(status, text);
}

static PyObject *graph_save(PyObject *self, PyObject *args) {
    PyObject *input_list, *output_list, *path;
    int32_t input_count = 0, output_count = 0;
    if (!PyArg_ParseTuple(args, "OOO&:save", &input_list, &output_list, PyUnicode_FSConverter, &path)) return NULL;
    int32_t *inputs = ids_from_list(input_list, 0, &input_count);
    int32_t *outputs = inputs ? ids_from_list(output_list, 0, &output_count) : NULL;
    char *name = outputs ? PyBytes_AsString(path) : NULL;
    sc_status status = SC_OK;
    if (name) status = sc_graph_save(handle_of(self), inputs, input_count, outputs, output_count, name);
    PyMem_Free(inputs);
    PyMem_Free(outputs);
    Py_DECREF(path);
    if (!name) return NULL;
    if (status != SC_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyMethodDef graph_methods[] = {
    {"label", graph_label, METH_O, "label(text): whose work the nodes added from now on are"},
    {"placeholder", graph_placeholder, METH_VARARGS, "placeholder(dtype, shape) -> id"},
    {"constant", graph_constant, METH_O, "constant(array) -> id; the array is copied"},
    {"variable", graph_variable, METH_O, "variable(Variable) -> id of its content when a run begins"},
    {"apply", graph_apply, METH_VARARGS, "apply(op, ids) -> ids of the outputs"},
    {"assign", graph_assign, METH_VARARGS, "assign(Variable, id): it holds the value at the end of a run"},
    {"gradient", graph_gradient, METH_VARARGS, "gradient(targets, seeds or None, sources) -> ids, None where there is none"},
    {"spec", graph_spec, METH_O, "spec(id) -> (dtype, shape)"},
    {"describe", graph_describe, METH_NOARGS, "The nodes, as JSON."},
    {"save", graph_save, METH_VARARGS, "save(inputs, outputs, path): what the outputs need, as a file for sc_graph_load"},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot graph_slots[] = {
    {Py_tp_new, graph_new},
    {Py_tp_dealloc, graph_dealloc},
    {Py_tp_methods, graph_methods},
    {Py_tp_doc, "Graph(): ops in the making; values are small integers."},
    {0, NULL},
};
static PyType_Spec graph_type_spec = {"swiftconv._native.Graph", sizeof(graph_object), 0, Py_TPFLAGS_DEFAULT, graph_slots};

// ---- Executable ---------------------------------------------------------------------------------------------------------------------

typedef struct {
    PyObject_HEAD
    sc_executable *handle;
    int32_t feeds, fetches;
    sc_spec *specs;    // of the feeds, then of the fetches
    PyObject **args;   // for new_output
} executable_object;

static PyObject *executable_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"graph", "feeds", "fetches", NULL};
    PyObject *graph, *feed_list, *fetch_list;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO:Executable", names, &graph, &feed_list, &fetch_list)) return NULL;
    if (Py_TYPE(graph) != graph_type) {
        PyErr_Format(PyExc_TypeError, "Executable: graph: expected a swiftconv._native.Graph, received %R", graph);
        return NULL;
    }
    executable_object *self = allocate(type);
    if (!self) return NULL;
    int32_t *feeds = ids_from_list(feed_list, 0, &self->feeds);
    int32_t *fetches = feeds ? ids_from_list(fetch_list, 0, &self->fetches) : NULL;
    if (!fetches) goto failed;
    size_t all = (size_t)self->feeds + (size_t)self->fetches + 1;
    self->specs = PyMem_Calloc(all, sizeof *self->specs);
    self->args = PyMem_Calloc((size_t)self->fetches + 1, sizeof *self->args);
    if (!self->specs || !self->args) {
        PyErr_NoMemory();
        goto failed;
    }
    sc_status status = SC_OK;
    for (int32_t i = 0; status == SC_OK && i < self->feeds + self->fetches; i++)
        status = sc_graph_spec(handle_of(graph), i < self->feeds ? feeds[i] : fetches[i - self->feeds], &self->specs[i]);
    if (status == SC_OK)
        status = sc_executable_create(handle_of(graph), feeds, self->feeds, fetches, self->fetches, &self->handle);
    if (status != SC_OK) {
        self->handle = NULL;
        raise_status(status);
        goto failed;
    }
    for (int32_t i = 0; i < self->fetches; i++)
        if (!(self->args[i] = output_args(&self->specs[self->feeds + i]))) goto failed;
    PyMem_Free(feeds);
    PyMem_Free(fetches);
    return (PyObject *)self;
failed:
    PyMem_Free(feeds);
    PyMem_Free(fetches);
    Py_DECREF(self);
    return NULL;
}

static void executable_dealloc(PyObject *object) {
    executable_object *self = (executable_object *)object;
    for (int32_t i = 0; self->args && i < self->fetches; i++) Py_XDECREF(self->args[i]);
    PyMem_Free(self->args);
    PyMem_Free(self->specs);
    sc_executable_release(self->handle);
    release(object);
}

// 0 if the array may be fed at this place, -1 with an exception.
static int check_feed(const sc_spec *expected, const sc_spec *received, Py_ssize_t position) {
    int same = expected->dtype == received->dtype && expected->rank == received->rank;
    for (int32_t i = 0; same && i < expected->rank; i++) same = expected->shape[i] == received->shape[i];
    if (same) return 0;
    PyObject *kind = expected->dtype == received->dtype ? native.invalid_argument : PyExc_TypeError;
    PyObject *a = shape_tuple(expected), *b = shape_tuple(received);
    if (a && b)
        PyErr_Format(kind, "run: input %zd: expected %s of shape %S, received %s of shape %S", position, DTYPES[expected->dtype].name, a,
                     DTYPES[received->dtype].name, b);
    Py_XDECREF(a);
    Py_XDECREF(b);
    return -1;
}

// With `times` one run that fills them in: one for each of `*nodes` nodes.
static PyObject *run_once(executable_object *self, PyObject *const *args, Py_ssize_t count, int64_t *times, int32_t *nodes) {
    if (count != self->feeds) {
        PyErr_Format(native.invalid_argument, "run: expected %d arrays, received %zd", (int)self->feeds, count);
        return NULL;
    }
    Py_buffer *views = PyMem_Calloc((size_t)self->feeds + 1, sizeof *views);
    const void **feeds = PyMem_Calloc((size_t)self->feeds + 1, sizeof *feeds);
    void **fetches = PyMem_Calloc((size_t)self->fetches + 1, sizeof *fetches);
    PyObject *result = PyTuple_New(self->fetches);
    Py_ssize_t borrowed = 0;
    int ready = views && feeds && fetches && result;
    if (!ready && !PyErr_Occurred()) PyErr_NoMemory();
    for (; ready && borrowed < count; borrowed++) {
        sc_spec spec;
        borrow_result outcome = borrow(args[borrowed], &views[borrowed], &spec);
        if (outcome == NOT_PLAIN) raise_not_plain("run", borrowed, args[borrowed]);
        if (outcome != BORROWED) {
            ready = 0;
            break;
        }
        feeds[borrowed] = views[borrowed].buf;
        if (check_feed(&self->specs[borrowed], &spec, borrowed) < 0) ready = 0;
    }
    for (int32_t i = 0; ready && i < self->fetches; i++) {
        PyObject *array = new_output(self->args[i], spec_bytes(&self->specs[self->feeds + i]), &fetches[i]);
        if (!array || PyTuple_SetItem(result, i, array) < 0) ready = 0;
    }
    if (ready) {
        sc_status status;
        Py_BEGIN_ALLOW_THREADS
        status = times ? sc_executable_profile(self->handle, feeds, fetches, times, nodes) : sc_executable_run(self->handle, feeds, fetches);
        Py_END_ALLOW_THREADS
        if (status != SC_OK) {
            raise_status(status);
            ready = 0;
        }
    }
    while (borrowed) PyBuffer_Release(&views[--borrowed]);
    PyMem_Free(views);
    PyMem_Free(feeds);
    PyMem_Free(fetches);
    if (!ready) Py_CLEAR(result);
    return result;
}

static PyObject *executable_run(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    return run_once((executable_object *)object, args, count, NULL, NULL);
}

static PyObject *executable_profile(PyObject *object, PyObject *const *args, Py_ssize_t count) {
    executable_object *self = (executable_object *)object;
    int32_t nodes = -1;
    int64_t none;
    // with less room than none nothing is run, and it says how many nodes there are
    sc_executable_profile(self->handle, NULL, NULL, &none, &nodes);
    int64_t *times = PyMem_Calloc((size_t)nodes + 1, sizeof *times);
    if (!times) return PyErr_NoMemory();
    PyObject *result = NULL, *fetches = run_once(self, args, count, times, &nodes);
    PyObject *list = fetches ? PyList_New(nodes) : NULL;
    for (int32_t i = 0; list && i < nodes; i++) {
        PyObject *time = PyLong_FromLongLong(times[i]);
        if (!time || PyList_SetItem(list, i, time) < 0) Py_CLEAR(list);
    }
    if (list) result = PyTuple_Pack(2, fetches, list);
    Py_XDECREF(fetches);
    Py_XDECREF(list);
    PyMem_Free(times);
    return result;
}

static PyObject *executable_describe(PyObject *self, PyObject *unused) {
    (void)unused;
    char *text = NULL;
    sc_status status = sc_executable_describe(((executable_object *)self)->handle, &text);
    return take_string(status, text);
}

static PyMethodDef executable_methods[] = {
    {"run", (PyCFunction)(void (*)(void))executable_run, METH_FASTCALL, "run(*arrays) -> tuple of arrays, one for each fetch"},
    {"profile", (PyCFunction)(void (*)(void))executable_profile, METH_FASTCALL,
     "profile(*arrays) -> (tuple of arrays, list of the nanoseconds that each node of describe() took)"},
    {"describe", executable_describe, METH_NOARGS, "The plan, as JSON."},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot executable_slots[] = {
    {Py_tp_new, executable_new},
    {Py_tp_dealloc, executable_dealloc},
    {Py_tp_methods, executable_methods},
    {Py_tp_doc, "Executable(graph, feeds, fetches): a planned graph."},
    {0, NULL},
};
static PyType_Spec executable_spec = {
    "swiftconv._native.Executable", sizeof(executable_object), 0, Py_TPFLAGS_DEFAULT, executable_slots};

int add_graph_types(PyObject *module) {
    graph_type = add_type(module, &graph_type_spec, "Graph");
    return graph_type && add_type(module, &executable_spec, "Executable") ? 0 : -1;
}
