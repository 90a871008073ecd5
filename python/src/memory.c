// Memory of the engine that Python borrows by the buffer protocol: recycled outputs, and variables.
#include "native.h"

// ---- Buffer: recycled bytes ---------------------------------------------------------------------------------------------------

typedef struct {
    PyObject_HEAD
    void *data;
    int64_t bytes;
} buffer_object;

static PyTypeObject *buffer_type;

PyObject *new_buffer(int64_t bytes, void **data) {
    buffer_object *self = allocate(buffer_type);
    if (!self) return NULL;
    self->data = sc_buffer_acquire(bytes);
    self->bytes = bytes;
    if (!self->data) {
        Py_DECREF(self);
        PyErr_Format(PyExc_MemoryError, "no memory for an output of %lld bytes", (long long)bytes);
        return NULL;
    }
    *data = self->data;
    return (PyObject *)self;
}

static void buffer_dealloc(PyObject *object) {
    buffer_object *self = (buffer_object *)object;
    if (self->data) sc_buffer_release(self->data, self->bytes);
    release(object);
}

static int buffer_get(PyObject *object, Py_buffer *view, int flags) {
    buffer_object *self = (buffer_object *)object;
    return PyBuffer_FillInfo(view, object, self->data, (Py_ssize_t)self->bytes, 0, flags);
}

static PyType_Slot buffer_slots[] = {
    {Py_tp_dealloc, buffer_dealloc},
    {Py_bf_getbuffer, buffer_get},
    {Py_tp_doc, "Recycled memory that an output array lies in."},
    {0, NULL},
};
static PyType_Spec buffer_spec = {
    "swiftconv._native.Buffer", sizeof(buffer_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, buffer_slots};

// ---- Variable -------------------------------------------------------------------------------------------------------------------

typedef struct {
    PyObject_HEAD
    sc_variable *handle;
    sc_spec spec;
    Py_ssize_t shape[SC_MAX_RANK];
    Py_ssize_t strides[SC_MAX_RANK];
} variable_object;

PyTypeObject *variable_type;

sc_variable *variable_handle(PyObject *object) {
    if (Py_TYPE(object) != variable_type) {
        PyErr_Format(PyExc_TypeError, "expected a swiftconv._native.Variable, received %R", object);
        return NULL;
    }
    return ((variable_object *)object)->handle;
}

static PyObject *variable_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"dtype", "shape", NULL};
    PyObject *dtype, *shape;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:Variable", names, &dtype, &shape)) return NULL;
    sc_spec spec;
    if (spec_from_objects(dtype, shape, &spec) < 0) return NULL;
    variable_object *self = allocate(type);
    if (!self) return NULL;
    self->spec = spec;
    Py_ssize_t stride = DTYPES[spec.dtype].size;
    for (int i = spec.rank - 1; i >= 0; i--) {
        self->shape[i] = (Py_ssize_t)spec.shape[i];
        self->strides[i] = stride;
        stride *= self->shape[i];
    }
    sc_status status = sc_variable_create(&spec, &self->handle);
    if (status != SC_OK) {
        self->handle = NULL;
        raise_status(status);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void variable_dealloc(PyObject *object) {
    sc_variable_release(((variable_object *)object)->handle);
    release(object);
}

static int variable_get(PyObject *object, Py_buffer *view, int flags) {
    static char nothing;
    variable_object *self = (variable_object *)object;
    void *data = sc_variable_data(self->handle);
    if (PyBuffer_FillInfo(view, object, data ? data : &nothing, (Py_ssize_t)spec_bytes(&self->spec), 0, flags) < 0) return -1;
    view->itemsize = DTYPES[self->spec.dtype].size;
    view->format = flags & PyBUF_FORMAT ? (char *)(uintptr_t)DTYPES[self->spec.dtype].format : NULL;
    if (flags & PyBUF_ND) {
        view->ndim = self->spec.rank;
        view->shape = self->shape;
    }
    if ((flags & PyBUF_STRIDES) == PyBUF_STRIDES) view->strides = self->strides;
    return 0;
}

static PyObject *variable_dtype(PyObject *self, void *unused) {
    (void)unused;
    return PyUnicode_FromString(DTYPES[((variable_object *)self)->spec.dtype].name);
}

static PyObject *variable_shape(PyObject *self, void *unused) {
    (void)unused;
    return shape_tuple(&((variable_object *)self)->spec);
}

static PyObject *variable_touch(PyObject *self, PyObject *unused) {
    (void)unused;
    sc_variable_touch(((variable_object *)self)->handle);
    Py_RETURN_NONE;
}

static PyMethodDef variable_methods[] = {
    {"touch", variable_touch, METH_NOARGS, "touch(): the content was written through the buffer, and every later write will be followed by this."},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef variable_properties[] = {
    {"dtype", variable_dtype, NULL, "The element type's name.", NULL},
    {"shape", variable_shape, NULL, "The sizes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot variable_slots[] = {
    {Py_tp_new, variable_new},
    {Py_tp_dealloc, variable_dealloc},
    {Py_tp_methods, variable_methods},
    {Py_tp_getset, variable_properties},
    {Py_bf_getbuffer, variable_get},
    {Py_tp_doc, "Variable(dtype, shape): memory that graphs read and update; zeros at first."},
    {0, NULL},
};
static PyType_Spec variable_spec = {
    "swiftconv._native.Variable", sizeof(variable_object), 0, Py_TPFLAGS_DEFAULT, variable_slots};

int add_memory_types(PyObject *module) {
    buffer_type = add_type(module, &buffer_spec, "Buffer");
    variable_type = buffer_type ? add_type(module, &variable_spec, "Variable") : NULL;
    return variable_type ? 0 : -1;
}
