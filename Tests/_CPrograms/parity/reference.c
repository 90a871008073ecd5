#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    sc_dtype dtype;
    size_t size;
} DTYPES[] = {{"float32", SC_FLOAT32, 4}, {"float64", SC_FLOAT64, 8}, {"int32", SC_INT32, 4},
              {"int64", SC_INT64, 8},     {"uint8", SC_UINT8, 1},     {"bool", SC_BOOL, 1}};
enum { DTYPE_COUNT = sizeof DTYPES / sizeof *DTYPES };

int failures = 0;

static void fail(const char *where, const char *what) {
    fprintf(stderr, "parity: %s: %s\n", where, what);
    exit(2);
}

void need(sc_status status, const char *what) {
    if (status != SC_OK) fail(what, sc_last_error_message());
}

static char *content(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) fail(path, "cannot be opened");
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);  // as aligned as every element type
    if (!bytes || fread(bytes, 1, size, file) != size) fail(path, "cannot be read");
    fclose(file);
    return bytes;
}

family family_load(const char *folder, const char *name) {
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    // NaN and Infinity stand in no attribute, so the strict reader will do
    json_t *root = json_load_file(path, 0, &error);
    if (!root) fail(path, error.text);
    json_t *cases = json_incref(json_object_get(root, "cases"));
    json_decref(root);
    if (json_array_size(cases) == 0) fail(path, "there are no cases");
    snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    return (family){name, cases, content(path)};
}

void family_release(family *loaded) {
    json_decref(loaded->index);
    free(loaded->blob);
}

const char *case_name(json_t *fields) { return json_string_value(json_object_get(fields, "name")); }

size_t spec_count(const sc_spec *spec) {
    size_t count = 1;
    for (int i = 0; i < spec->rank; i++) count *= (size_t)spec->shape[i];
    return count;
}

size_t spec_bytes(const sc_spec *spec) {
    for (int i = 0; i < DTYPE_COUNT; i++)
        if (DTYPES[i].dtype == spec->dtype) return spec_count(spec) * DTYPES[i].size;
    fail("spec", "unknown dtype");
    return 0;
}

int case_arrays(const family *from, json_t *fields, const char *key, array *arrays) {
    json_t *list = json_object_get(fields, key), *entry;
    if (!json_is_array(list)) return -1;
    if (json_array_size(list) > MOST) fail(key, "too many arrays");
    size_t i, k;
    json_array_foreach(list, i, entry) {
        memset(&arrays[i], 0, sizeof arrays[i]);
        if (json_is_null(entry)) continue;
        const char *name = json_string_value(json_object_get(entry, "dtype"));
        json_t *shape = json_object_get(entry, "shape"), *size;
        sc_dtype dtype = -1;
        for (int d = 0; d < DTYPE_COUNT; d++)
            if (name && strcmp(name, DTYPES[d].name) == 0) dtype = DTYPES[d].dtype;
        if (dtype < 0 || json_array_size(shape) > SC_MAX_RANK) fail(key, "not an array");
        arrays[i].spec.dtype = dtype;
        arrays[i].spec.rank = (int32_t)json_array_size(shape);
        json_array_foreach(shape, k, size) arrays[i].spec.shape[k] = json_integer_value(size);
        arrays[i].data = from->blob + json_integer_value(json_object_get(entry, "offset"));
    }
    return (int)json_array_size(list);
}

sc_op *case_op(json_t *fields) {
    sc_attribute attributes[MOST];
    int64_t ints[MOST][32];
    double numbers[MOST];
    int count = 0;
    const char *key;
    json_t *value, *item;
    json_object_foreach(json_object_get(fields, "attributes"), key, value) {
        if (count == MOST) fail(case_name(fields), "too many attributes");
        sc_attribute *attribute = &attributes[count];
        *attribute = (sc_attribute){.key = key, .count = 1, .ints = ints[count], .number = &numbers[count]};
        if (json_is_string(value)) {
            attribute->kind = SC_ATTRIBUTE_STRING;
            attribute->string = json_string_value(value);
        } else if (json_is_real(value)) {
            attribute->kind = SC_ATTRIBUTE_DOUBLE;
            numbers[count] = json_real_value(value);
        } else if (json_is_array(value)) {
            size_t i;
            attribute->kind = SC_ATTRIBUTE_INTS;
            attribute->count = (int32_t)json_array_size(value);
            if (attribute->count > 32) fail(case_name(fields), "too many integers");
            json_array_foreach(value, i, item) ints[count][i] = json_integer_value(item);
        } else {  // integers, true, false
            attribute->kind = SC_ATTRIBUTE_INT;
            ints[count][0] = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
        }
        count++;
    }
    sc_op *op = NULL;
    need(sc_op_create(json_string_value(json_object_get(fields, "op")), attributes, count, &op), case_name(fields));
    return op;
}

// ---- results ------------------------------------------------------------------------------------------------------------------

static FILE *results;

void results_open(const char *path) {
    results = fopen(path, "wb");
    if (!results) fail(path, "cannot be written");
}

// `family/name<TAB>what number<TAB>bytes<NEWLINE>`, then the bytes.
void results_add(const char *family, const char *name, const char *what, int number, const void *data, size_t bytes) {
    fprintf(results, "%s/%s\t%s %d\t%zu\n", family, name, what, number, bytes);
    if (bytes) fwrite(data, 1, bytes, results);
}

void results_close(void) {
    if (fclose(results) != 0) fail("results", "cannot be written");
}

static double element(const void *data, sc_dtype dtype, size_t i) {
    switch (dtype) {
        case SC_FLOAT32: return ((const float *)data)[i];
        case SC_FLOAT64: return ((const double *)data)[i];
        case SC_INT32: return ((const int32_t *)data)[i];
        case SC_INT64: return (double)((const int64_t *)data)[i];
        default: return ((const uint8_t *)data)[i];
    }
}

void compare(const char *family, const char *name, const char *what, int number, const void *received, const array *expected, double factor) {
    sc_dtype dtype = expected->spec.dtype;
    size_t count = spec_count(&expected->spec);
    double tolerance = dtype == SC_FLOAT32 ? 1e-5 * factor : dtype == SC_FLOAT64 ? 1e-10 * factor : 0, scale = 0;
    for (size_t i = 0; i < count; i++) {
        double e = fabs(element(expected->data, dtype, i));
        if (isfinite(e) && e > scale) scale = e;
    }
    if (scale > 1e6 || scale < 1) scale = 1;
    for (size_t i = 0; i < count; i++) {
        double r = element(received, dtype, i), e = element(expected->data, dtype, i);
        if (r == e || (isnan(r) && isnan(e)) || fabs(r - e) <= tolerance * (scale + fabs(e))) continue;
        printf("%s/%s: %s %d: element %zu: expected %.9g, received %.9g\n", family, name, what, number, i, e, r);
        failures++;
        return;
    }
}
