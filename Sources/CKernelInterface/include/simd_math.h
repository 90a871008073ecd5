// What Swift's SIMD types do one lane at a time, as vector instructions of the level that includes this.
#ifndef SC_SIMD_MATH_H
#define SC_SIMD_MATH_H

#define SC_VECTOR_SQRT(type, lanes)                                                                            \
    typedef type sc_##type##lanes __attribute__((ext_vector_type(lanes)));                                     \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_sqrt_##type##lanes(sc_##type##lanes x) {  \
        return __builtin_elementwise_sqrt(x);                                                                  \
    }

SC_VECTOR_SQRT(float, 4)
SC_VECTOR_SQRT(float, 8)
SC_VECTOR_SQRT(float, 16)
SC_VECTOR_SQRT(double, 2)
SC_VECTOR_SQRT(double, 4)
SC_VECTOR_SQRT(double, 8)

#endif
