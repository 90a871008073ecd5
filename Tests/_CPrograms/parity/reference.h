// Reads the stored reference values (pytests/reference), the same files that the Swift and the Python tests read.
#ifndef REFERENCE_H
#define REFERENCE_H

#include <jansson.h>
#include <stdio.h>
#include <swiftconv.h>

enum { MOST = 16 };  // arrays of one kind in one case; attributes of one op

typedef struct {
    sc_spec spec;
    const void *data;  // NULL: there is none
} array;

typedef struct {
    const char *family;
    json_t *index;  // an array of cases
    char *blob;
} family;

// Ends the program where the files are not as they should be.
family family_load(const char *folder, const char *name);
void family_release(family *loaded);

// The arrays of the member `key` of a case or a step; -1 where it is missing or null.
int case_arrays(const family *from, json_t *fields, const char *key, array *arrays);
sc_op *case_op(json_t *fields);
const char *case_name(json_t *fields);

size_t spec_count(const sc_spec *spec);
size_t spec_bytes(const sc_spec *spec);

// ---- results: the file that pytests/test_doors.py compares with those of the other doors --------------------------------------------
void results_open(const char *path);
void results_add(const char *family, const char *name, const char *what, int number, const void *data, size_t bytes);
void results_close(void);

// Counts and says where `received` is not `expected`, within the tolerance of pytests/reference/__init__.py times `factor`.
void compare(const char *family, const char *name, const char *what, int number, const void *received, const array *expected, double factor);
extern int failures;

// Ends the program with the last message unless `status` is SC_OK.
void need(sc_status status, const char *what);

// ---- the parts (ops.c, training.c) ----------------------------------------------------------------------------------------------
void run_ops(const char *folder);
void run_optimizers(const char *folder);
void run_training(const char *folder);

#endif
