// The prepared ops of one Op, and the packed forms that constants keep of their inputs.
#include "native.h"

void entry_release(prepared_entry *entry) {
    if (--entry->references > 0) return;
    for (int32_t i = 0; i < entry->outputs; i++) Py_XDECREF(entry->args[i]);
    sc_prepared_release(entry->prepared);
    PyMem_Free(entry->specs);
    PyMem_Free(entry);
}

static int same_specs(const sc_spec *a, const sc_spec *b, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (a[i].dtype != b[i].dtype || a[i].rank != b[i].rank) return 0;
        for (int32_t d = 0; d < a[i].rank; d++)
            if (a[i].shape[d] != b[i].shape[d]) return 0;
    }
    return 1;
}

static prepared_entry *entry_new(const sc_op *op, const sc_spec *specs, int32_t inputs, int32_t constant) {
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
    sc_status status = constant < 0 ? sc_op_prepare(op, specs, inputs, &entry->prepared)
                                    : sc_op_prepare_constant(op, specs, inputs, constant, &entry->prepared);
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

prepared_entry *entry_for(const sc_op *op, prepared_cache *cache, const sc_spec *specs, int32_t inputs, int32_t constant) {
    for (int32_t i = 0; i < cache->count; i++) {
        prepared_entry *entry = cache->entries[i];
        if (entry->inputs != inputs || entry->constant != constant || !same_specs(entry->specs, specs, inputs)) continue;
        if (i) {
            memmove(cache->entries + 1, cache->entries, (size_t)i * sizeof *cache->entries);
            cache->entries[0] = entry;
        }
        entry->references++;
        return entry;
    }
    prepared_entry *entry = entry_new(op, specs, inputs, constant);
    if (!entry) return NULL;
    if (cache->count == REMEMBERED) entry_release(cache->entries[--cache->count]);
    memmove(cache->entries + 1, cache->entries, (size_t)cache->count * sizeof *cache->entries);
    cache->entries[0] = entry;
    cache->count++;
    entry->references++;
    return entry;
}

void cache_release(prepared_cache *cache) {
    while (cache->count) entry_release(cache->entries[--cache->count]);
}

// Runs on `inputs`, with `packed` unless it is NULL; one array, or a tuple.
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

PyObject *entry_run(prepared_entry *entry, PyObject *list, const void *const *inputs) {
    if (!list) return run_entry(entry, NULL, inputs);
    PyObject *capsule = packed_for(list, entry, inputs[entry->constant]);
    packed_form *form = capsule && capsule != Py_None ? PyCapsule_GetPointer(capsule, PACKED) : NULL;
    PyObject *result = PyErr_Occurred() ? NULL : run_entry(entry, form ? form->packed : NULL, inputs);
    Py_XDECREF(capsule);
    return result;
}
