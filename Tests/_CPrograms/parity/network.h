// A small convolutional network as a graph, and one training step of it: what Keras's Sequential does, by the functions of swiftconv.h.
#ifndef NETWORK_H
#define NETWORK_H

#include <swiftconv.h>

enum { MOST_WEIGHTS = 14, MOST_GENERATORS = 2 };

typedef struct {
    enum { CONVOLUTION, POOL, FLATTEN, DENSE, NORMALIZATION, DROPOUT } kind;
    int outputs;  // of convolutions (3x3) and dense layers
    int relu;
    double rate;  // of dropout
} layer;

typedef struct {
    const char *op;  // "adam_update" or "momentum_update"
    float rate;
    double momentum;  // with Nesterov's look-ahead
    float decay;      // of the weights, before each update
} optimizer;

typedef struct {
    int count;  // of weights, those included that only the layers change (moving means and variances)
    int is_state[MOST_WEIGHTS];
    sc_spec specs[MOST_WEIGHTS];
    sc_variable *weights[MOST_WEIGHTS], *slots[2 * MOST_WEIGHTS], *iterations;
    int generator_count;
    sc_variable *generators[MOST_GENERATORS];  // int64: seed and counter
    sc_executable *logits, *probabilities;     // x in
    sc_executable *training, *validation;      // x and labels (int32) in, the loss out
} network;

// `input`: batch, height, width, channels. The weights are zeros.
network network_create(const layer *layers, int layer_count, const sc_spec *input, optimizer with);
void network_release(network *made);

sc_spec spec_of(sc_dtype dtype, int rank, ...);

#endif
