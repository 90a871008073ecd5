// The C runner of the stored reference cases: `parity REFERENCE_FOLDER RESULTS_FILE`.
#include "reference.h"

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: parity REFERENCE_FOLDER RESULTS_FILE\n"), 2;
    if (!SC_ABI_MATCHES()) return fprintf(stderr, "parity: the library is not that of the header\n"), 2;
    results_open(argv[2]);
    run_ops(argv[1]);
    run_optimizers(argv[1]);
    run_training(argv[1]);
    results_close();
    printf("%d failures\n", failures);
    return failures > 0;
}
