#ifndef SC_OPTIMIZER_KERNELS_H
#define SC_OPTIMIZER_KERNELS_H

#include <stdint.h>

// One step of an optimizer over `count` elements, in one pass. Every output may be the input of the same name (an element is
// read before it is written). No alignment is asked for. Hyperparameters are rounded to the element type before use.

// variable - learning_rate * gradient
typedef void (*sc_sgd_kernel)(intptr_t count, double learning_rate, const void *variable, const void *gradient,
                              void *new_variable);

typedef struct {
    double learning_rate, momentum;
    int32_t nesterov;
} sc_momentum_step;
typedef void (*sc_momentum_kernel)(intptr_t count, const sc_momentum_step *step, const void *variable, const void *momentum,
                                   const void *gradient, void *new_variable, void *new_momentum);

typedef struct {
    double alpha;  // learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
    double one_minus_beta_1, one_minus_beta_2, epsilon;
    double decay;  // learning_rate * weight_decay
} sc_adam_step;
typedef void (*sc_adam_kernel)(intptr_t count, const sc_adam_step *step, const void *variable, const void *m, const void *v,
                               const void *gradient, void *new_variable, void *new_m, void *new_v);

typedef struct {
    double learning_rate, rho, epsilon, momentum;
    int32_t centered;
} sc_rmsprop_step;
// `momentum` and `new_momentum` are not touched when step->momentum is 0, `average` and `new_average` not when it is not centered.
typedef void (*sc_rmsprop_kernel)(intptr_t count, const sc_rmsprop_step *step, const void *variable, const void *velocity,
                                  const void *momentum, const void *average, const void *gradient, void *new_variable,
                                  void *new_velocity, void *new_momentum, void *new_average);

typedef struct {
    sc_sgd_kernel sgd_f32, sgd_f64;
    sc_momentum_kernel momentum_f32, momentum_f64;
    sc_adam_kernel adam_f32, adam_f64;
    sc_rmsprop_kernel rmsprop_f32, rmsprop_f64;
} sc_optimizer_kernels;

#endif
