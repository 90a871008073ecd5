// Types and shapes between Python and the engine; arrays in, arrays out.
#include "native.h"

const dtype_info DTYPES[6] = {
    {"float32", "f", 4}, {"float64", "d", 8}, {"int32", "i", 4}, {"int64", "l", 8}, {"uint8", "B", 1}, {"bool", "?", 1},
};

// Outputs from this size on come from recycled memory: fresh pages cost as much as the arithmetic (docs/adr/0003-stable-abi.md).
#define RECYCLE_BYTES (32 << 10)

int64_t spec_bytes(const sc_spec *spec) {
    int64_t bytes = DTYPES[spec->dtype].size;
    for (int32_t i = 0; i < spec->rank; i++) bytes *= spec->shape[i];
    return bytes;
}

int64_t *integers(PyObject *sequence, int optional, const char *what, Py_ssize_t *count) {
    PyObject *items = PySequence_Tuple(sequence);
    if (!items) return NULL;
    *count = PyTuple_Size(items);
    int64_t *values = PyMem_Malloc(((size_t)*count + 1) * sizeof *values);
    if (!values) PyErr_NoMemory();
    for (Py_ssize_t i = 0; values && i < *count && !PyErr_Occurred(); i++) {
        PyObject *item = PyTuple_GetItem(items, i);
        PyObject *index = optional && item == Py_None ? PyLong_FromLong(-1) : PyNumber_Index(item);
        int overflow = 0;
        if (index) values[i] = PyLong_AsLongLongAndOverflow(index, &overflow);
        if (overflow) PyErr_Format(native.invalid_argument, "%s: expected integers of 64 bits, received %S", what, items);
        Py_XDECREF(index);
    }
    Py_DECREF(items);
    if (values && PyErr_Occurred()) {
        PyMem_Free(values);
        values = NULL;
    }
    return values;
}

static int dtype_from_object(PyObject *object) {
    const char *name = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, NULL) : NULL;
    for (int i = 0; name && i < 6; i++)
        if (strcmp(name, DTYPES[i].name) == 0) return i;
    if (!PyErr_Occurred()) PyErr_Format(PyExc_TypeError, "dtype: expected float32, float64, int32, int64, uint8 or bool, received %R", object);
    return -1;
}

int spec_from_objects(PyObject *dtype, PyObject *shape, sc_spec *spec) {
    memset(spec, 0, sizeof *spec);
    Py_ssize_t rank = 0;
    spec->dtype = dtype_from_object(dtype);
    int64_t *sizes = spec->dtype < 0 ? NULL : integers(shape, 0, "shape", &rank);
    if (!sizes) return -1;
    int64_t bytes = DTYPES[spec->dtype].size;
    int negative = 0, large = 0;
    for (Py_ssize_t i = 0; i < rank; i++) {
        negative |= sizes[i] < 0;
        large |= sizes[i] > 0 && (__builtin_mul_overflow(bytes, sizes[i], &bytes) || bytes >= (int64_t)1 << 47);
        if (i < SC_MAX_RANK) spec->shape[i] = sizes[i];
    }
    spec->rank = (int32_t)rank;
    PyMem_Free(sizes);
    if (negative) {
        PyErr_Format(native.invalid_argument, "shape: expected sizes of at least 0, received %S", shape);
    } else if (rank > SC_MAX_RANK) {
        PyErr_Format(native.unimplemented, "shape: expected at most %d dimensions, received %S", SC_MAX_RANK, shape);
    } else if (large) {
        PyErr_Format(PyExc_MemoryError, "shape: a tensor of shape %S does not fit in memory", shape);
    } else {
        return 0;
    }
    return -1;
}

PyObject *shape_tuple(const sc_spec *spec) {
    PyObject *shape = PyTuple_New(spec->rank);
    for (int32_t i = 0; shape && i < spec->rank; i++) {
        PyObject *size = PyLong_FromLongLong(spec->shape[i]);
        if (!size || PyTuple_SetItem(shape, i, size) < 0) Py_CLEAR(shape);
    }
    return shape;
}

PyObject *spec_tuple(const sc_spec *spec) {
    PyObject *shape = shape_tuple(spec);
    return shape ? Py_BuildValue("(sN)", DTYPES[spec->dtype].name, shape) : NULL;
}

PyObject *specs_to_list(const sc_spec *specs, int32_t count) {
    PyObject *list = PyList_New(count);
    for (int32_t i = 0; list && i < count; i++) {
        PyObject *item = spec_tuple(&specs[i]);
        if (!item || PyList_SetItem(list, i, item) < 0) Py_CLEAR(list);
    }
    return list;
}

int32_t *ids_from_list(PyObject *list, int optional, int32_t *count) {
    Py_ssize_t n = 0;
    int64_t *values = integers(list, optional, "graph", &n);
    int32_t *ids = values ? PyMem_Malloc(((size_t)n + 1) * sizeof *ids) : NULL;
    if (values && !ids) PyErr_NoMemory();
    // an id that does not fit is one that no graph has
    for (Py_ssize_t i = 0; ids && i < n; i++) ids[i] = values[i] < -1 || values[i] > INT32_MAX ? INT32_MAX : (int32_t)values[i];
    PyMem_Free(values);
    *count = (int32_t)n;
    return ids;
}

PyObject *ids_to_list(const int32_t *ids, int32_t count) {
    PyObject *list = PyList_New(count);
    for (int32_t i = 0; list && i < count; i++) {
        PyObject *item = ids[i] < 0 ? Py_NewRef(Py_None) : PyLong_FromLong(ids[i]);
        if (!item || PyList_SetItem(list, i, item) < 0) Py_CLEAR(list);
    }
    return list;
}

// The engine's type for a format of the buffer protocol, or -1.
static int dtype_from_format(const char *format, Py_ssize_t size) {
    // NumPy writes the byte order when it was asked for by name, even if it is the machine's
    const char native_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    if (format && (*format == native_order || *format == '=' || *format == '@')) format++;
    if (!format || format[0] == '\0' || format[1] != '\0') return -1;
    switch (format[0]) {
    case 'f': return SC_FLOAT32;
    case 'd': return SC_FLOAT64;
    case 'i': return SC_INT32;
    case 'l':
    case 'q': return size == 8 ? SC_INT64 : -1;
    case 'B': return SC_UINT8;
    case '?': return SC_BOOL;
    default: return -1;
    }
}

borrow_result borrow(PyObject *object, Py_buffer *view, sc_spec *spec) {
    if (Py_TYPE(object) != (PyTypeObject *)native.ndarray) return NOT_PLAIN;
    if (PyObject_GetBuffer(object, view, PyBUF_FORMAT | PyBUF_STRIDES) < 0) {
        // a dtype that the buffer protocol does not know
        if (PyErr_ExceptionMatches(PyExc_MemoryError)) return FAILED;
        PyErr_Clear();
        return NOT_PLAIN;
    }
    int dtype = dtype_from_format(view->format, view->itemsize);
    // NumPy counts an empty array as aligned wherever it points
    int aligned = (uintptr_t)view->buf % (uintptr_t)view->itemsize == 0 || view->len == 0;
    int plain = dtype >= 0 && view->ndim <= SC_MAX_RANK && aligned;
    Py_ssize_t stride = view->itemsize;
    for (int i = view->ndim - 1; plain && i >= 0; i--) {
        // an axis of size 1 is stepped over by no one, and in an empty array nothing is
        plain = view->shape[i] <= 1 || view->strides[i] == stride || view->len == 0;
        stride *= view->shape[i];
        spec->shape[i] = view->shape[i];
    }
    if (!plain) {
        PyBuffer_Release(view);
        return NOT_PLAIN;
    }
    spec->dtype = dtype;
    spec->rank = view->ndim;
    return BORROWED;
}

PyObject *raise_not_plain(const char *what, Py_ssize_t position, PyObject *object) {
    if (Py_TYPE(object) != (PyTypeObject *)native.ndarray) {
        PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
        if (type) PyErr_Format(PyExc_TypeError, "%s: input %zd: expected a numpy.ndarray, received %U", what, position, type);
        Py_XDECREF(type);
        return NULL;
    }
    PyObject *dtype = PyObject_GetAttrString(object, "dtype");
    PyObject *shape = PyObject_GetAttrString(object, "shape");
    if (dtype && shape)
        PyErr_Format(PyExc_TypeError,
                     "%s: input %zd: expected a row-major, aligned array of float32, float64, int32, int64, uint8 or bool with at "
                     "most %d dimensions, received dtype %S, shape %S",
                     what, position, SC_MAX_RANK, dtype, shape);
    Py_XDECREF(dtype);
    Py_XDECREF(shape);
    return NULL;
}

PyObject *output_args(const sc_spec *spec) {
    PyObject *shape = shape_tuple(spec);
    PyObject *numpy = shape ? PyImport_ImportModule("numpy") : NULL;
    PyObject *dtype = numpy ? PyObject_CallMethod(numpy, "dtype", "s", DTYPES[spec->dtype].name) : NULL;
    PyObject *args = dtype ? PyTuple_Pack(2, shape, dtype) : NULL;
    Py_XDECREF(dtype);
    Py_XDECREF(numpy);
    Py_XDECREF(shape);
    return args;
}

PyObject *new_output(PyObject *args, int64_t bytes, void **data) {
    if (bytes >= RECYCLE_BYTES) {
        PyObject *buffer = new_buffer(bytes, data);
        PyObject *all = buffer ? PyTuple_Pack(3, PyTuple_GetItem(args, 0), PyTuple_GetItem(args, 1), buffer) : NULL;
        PyObject *array = all ? PyObject_Call(native.ndarray, all, NULL) : NULL;
        Py_XDECREF(all);
        Py_XDECREF(buffer);
        return array;
    }
    PyObject *array = PyObject_Call(native.empty, args, NULL);
    if (!array) return NULL;
    Py_buffer view;
    if (PyObject_GetBuffer(array, &view, PyBUF_WRITABLE) < 0) {
        Py_DECREF(array);
        return NULL;
    }
    *data = view.buf;
    // nobody else has the array yet, so its memory stays where it is
    PyBuffer_Release(&view);
    return array;
}
