// Calls every function of swiftconv.h the way a C program does. Each returns NULL, or what went wrong (in static memory).
#ifndef C_DOOR_H
#define C_DOOR_H

const char *c_door_library(void);
const char *c_door_ops(void);
const char *c_door_packed(void);
const char *c_door_bad_arguments(void);
const char *c_door_memory(void);
const char *c_door_variables(void);
const char *c_door_graphs(void);
const char *c_door_executables(void);
const char *c_door_threads(void);
const char *c_door_saved(void);
const char *c_door_typed(void);
// Runs an op in a child process after a fork, while other threads of the parent run ops.
const char *c_door_fork(void);
// Nanoseconds of sc_prepared_run of a relu of 16 elements, the least of some tries.
double c_door_run_nanoseconds(void);

#endif
