// Module functions, errors, what is imported once.
#include "native.h"

native_state native;

PyObject *raise_status(sc_status status) {
    const char *message = sc_last_error_message();
    PyObject *kind;
    switch (status) {
    case SC_INVALID_ARGUMENT: kind = native.invalid_argument; break;
    case SC_WRONG_TYPE: kind = PyExc_TypeError; break;
    case SC_UNSUPPORTED: kind = native.unimplemented; break;
    case SC_OUT_OF_MEMORY: kind = PyExc_MemoryError; break;
    default: kind = PyExc_RuntimeError; break;
    }
    PyErr_SetString(kind, message && *message ? message : "the engine gave no reason");
    return NULL;
}

PyObject *take_string(sc_status status, char *text) {
    if (status != SC_OK) return raise_status(status);
    PyObject *result = PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    sc_string_release(text);
    return result;
}

PyTypeObject *add_type(PyObject *module, PyType_Spec *spec, const char *name) {
    PyObject *type = PyType_FromSpec(spec);
    if (type && PyModule_AddObjectRef(module, name, type) < 0) Py_CLEAR(type);
    return (PyTypeObject *)type;
}

void *allocate(PyTypeObject *type) { return ((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0); }

void release(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *environment(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    char *text = NULL;
    sc_status status = sc_environment(&text);
    return take_string(status, text);
}

static PyObject *set_num_threads(PyObject *module, PyObject *count) {
    (void)module;
    int overflow = 0;
    long threads = PyLong_AsLongAndOverflow(count, &overflow);
    if (threads == -1 && PyErr_Occurred()) return NULL;
    if (overflow || threads < INT32_MIN || threads > INT32_MAX) threads = -1;  // the engine says what it expects
    sc_status status = sc_set_num_threads((int32_t)threads);
    if (status != SC_OK) return raise_status(status);
    Py_RETURN_NONE;
}

static PyObject *num_threads(PyObject *module, PyObject *unused) {
    (void)module;
    (void)unused;
    return PyLong_FromLong(sc_num_threads());
}

static PyObject *roofline(PyObject *module, PyObject *threads) {
    (void)module;
    long count = PyLong_AsLong(threads);
    if (count == -1 && PyErr_Occurred()) return NULL;
    char *text = NULL;
    sc_status status;
    Py_BEGIN_ALLOW_THREADS
    status = sc_roofline(count < 0 || count > 1 << 20 ? -1 : (int32_t)count, &text);
    Py_END_ALLOW_THREADS
    return take_string(status, text);
}

static PyObject *set_precision(PyObject *module, PyObject *name) {
    (void)module;
    const char *text = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!text) return NULL;
    sc_status status = sc_set_precision(text);
    return status == SC_OK ? Py_NewRef(Py_None) : raise_status(status);
}

static PyObject *set_memory_limit(PyObject *module, PyObject *bytes) {
    (void)module;
    long long number = PyLong_AsLongLong(bytes);
    if (number == -1 && PyErr_Occurred()) return NULL;
    sc_status status = sc_set_memory_limit(number);
    return status == SC_OK ? Py_NewRef(Py_None) : raise_status(status);
}

static PyObject *set_autotune(PyObject *module, PyObject *on) {
    (void)module;
    int truth = PyObject_IsTrue(on);
    if (truth < 0) return NULL;
    sc_status status = sc_set_autotune(truth);
    return status == SC_OK ? Py_NewRef(Py_None) : raise_status(status);
}

static PyObject *set_fallback(PyObject *module, PyObject *function) {
    (void)module;
    if (!PyCallable_Check(function)) {
        PyErr_SetString(PyExc_TypeError, "set_fallback: expected a function of (op, inputs)");
        return NULL;
    }
    PyObject *old = native.fallback;
    native.fallback = Py_NewRef(function);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"environment", environment, METH_NOARGS, "What the engine found and chose, as JSON."},
    {"set_num_threads", set_num_threads, METH_O, "Sets how many threads an op may use."},
    {"num_threads", num_threads, METH_NOARGS, "How many threads an op may use."},
    {"roofline", roofline, METH_O, "What this machine can do at most with so many threads, as JSON."},
    {"set_precision", set_precision, METH_O, "Sets 'default' or 'highest'."},
    {"set_memory_limit", set_memory_limit, METH_O, "Sets the bytes of work memory for one op or executable; -1: no limit."},
    {"set_autotune", set_autotune, METH_O, "Sets whether algorithms are chosen by measuring them."},
    {"set_fallback", set_fallback, METH_O, "Sets what is called with (op, inputs) for inputs that are not plain arrays."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "swiftconv._native",
    .m_doc = "The engine, through its C ABI.",
    .m_size = -1,
    .m_methods = functions,
};

static PyObject *import(const char *module_name, const char *name) {
    PyObject *module = PyImport_ImportModule(module_name);
    if (!module) return NULL;
    PyObject *found = PyObject_GetAttrString(module, name);
    Py_DECREF(module);
    return found;
}

// The only symbol that the shared object exports (see native.map).
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__native(void) {
    if (sc_abi_version() != SC_ABI_VERSION) {
        PyErr_Format(PyExc_ImportError, "swiftconv._native: built for ABI %d, linked with %d", SC_ABI_VERSION, (int)sc_abi_version());
        return NULL;
    }
    native.ndarray = import("numpy", "ndarray");
    native.empty = native.ndarray ? import("numpy", "empty") : NULL;
    native.invalid_argument = native.empty ? import("swiftconv.errors", "InvalidArgumentError") : NULL;
    native.unimplemented = native.invalid_argument ? import("swiftconv.errors", "UnimplementedError") : NULL;
    if (!native.unimplemented) return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (!module) return NULL;
    if (add_memory_types(module) < 0 || add_op_type(module) < 0 || add_graph_types(module) < 0) Py_CLEAR(module);
    return module;
}
