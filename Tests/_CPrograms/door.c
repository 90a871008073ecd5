// Tests/_CDoor as a C program that is linked with the installed library, as a stranger's would be.
#include <stdio.h>

#include "c_door.h"

int main(void) {
    static const struct {
        const char *name, *(*run)(void);
    } checks[] = {
        {"library", c_door_library},       {"ops", c_door_ops},       {"packed", c_door_packed},
        {"bad arguments", c_door_bad_arguments}, {"memory", c_door_memory}, {"variables", c_door_variables},
        {"graphs", c_door_graphs},         {"executables", c_door_executables}, {"saved", c_door_saved},
        {"threads", c_door_threads},
        {"typed", c_door_typed},           {"fork", c_door_fork},
    };
    int failures = 0;
    for (unsigned i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *failure = checks[i].run();
        printf("%-14s %s\n", checks[i].name, failure ? failure : "ok");
        failures += failure != NULL;
    }
    return failures;
}
