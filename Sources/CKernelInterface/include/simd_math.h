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

// Unaligned memory. Always inlined: the standard library's loadUnaligned and storeBytes become calls in large functions.
// sc_stream_… writes past the caches (non-temporal) to memory that is aligned for the vector.
#define SC_VECTOR_MEMORY(type, lanes)                                                                                    \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_load_##type##lanes(const type *_Nonnull p) {        \
        sc_##type##lanes x;                                                                                              \
        __builtin_memcpy(&x, p, sizeof x);                                                                               \
        return x;                                                                                                        \
    }                                                                                                                    \
    static inline __attribute__((always_inline)) void sc_store_##type##lanes(sc_##type##lanes x, type *_Nonnull p) {     \
        __builtin_memcpy(p, &x, sizeof x);                                                                               \
    }                                                                                                                    \
    static inline __attribute__((always_inline)) void sc_stream_##type##lanes(sc_##type##lanes x, type *_Nonnull p) {    \
        __builtin_nontemporal_store(x, (sc_##type##lanes *)p);                                                           \
    }

SC_VECTOR_MEMORY(float, 4)
SC_VECTOR_MEMORY(float, 8)
SC_VECTOR_MEMORY(float, 16)
SC_VECTOR_MEMORY(double, 2)
SC_VECTOR_MEMORY(double, 4)
SC_VECTOR_MEMORY(double, 8)

// float32 to float64
#define SC_VECTOR_WIDEN(lanes)                                                                                            \
    static inline __attribute__((always_inline)) sc_double##lanes sc_widen_float##lanes(sc_float##lanes x) {              \
        return __builtin_convertvector(x, sc_double##lanes);                                                              \
    }

typedef float sc_float2 __attribute__((ext_vector_type(2)));
SC_VECTOR_WIDEN(2)
SC_VECTOR_WIDEN(4)
SC_VECTOR_WIDEN(8)

// a[0], b[0], a[1], b[1] ...
typedef unsigned long long sc_uint64x4 __attribute__((ext_vector_type(4)));
typedef unsigned long long sc_uint64x8 __attribute__((ext_vector_type(8)));
static inline __attribute__((always_inline)) sc_uint64x8 sc_interleave4(sc_uint64x4 a, sc_uint64x4 b) {
    return __builtin_shufflevector(a, b, 0, 4, 1, 5, 2, 6, 3, 7);
}

// p, of which the compiler knows nothing more: it then keeps no pointer of its own for each address derived from it in a loop.
static inline __attribute__((always_inline)) const void *_Nonnull sc_opaque(const void *_Nonnull p) {
    __asm__ volatile("" : "+r"(p));
    return p;
}

// Asks for the cache line of p to be brought near; any address will do.
static inline __attribute__((always_inline)) void sc_prefetch(const void *_Nonnull p) { __builtin_prefetch(p, 0, 3); }

// x, computed before any later sc_opaque or sc_pin: keeps the compiler from interleaving the parts of a long unrolled body, which costs registers.
#if defined(__AVX512F__)
#define SC_PIN64(x) __asm__ volatile("" : "+v"(x))
#define SC_PIN32 SC_PIN64
#define SC_PIN16 SC_PIN64
#elif defined(__x86_64__)
#define SC_PIN64(x)
#define SC_PIN16(x) __asm__ volatile("" : "+x"(x))
#ifdef __AVX__
#define SC_PIN32 SC_PIN16
#else
#define SC_PIN32(x)
#endif
#else
#define SC_PIN64(x)
#define SC_PIN32(x)
#define SC_PIN16(x) __asm__ volatile("" : "+w"(x))
#endif
#define SC_VECTOR_PIN(type, lanes, bytes)                                                                     \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_pin_##type##lanes(sc_##type##lanes x) {  \
        SC_PIN##bytes(x);                                                                                     \
        return x;                                                                                             \
    }
SC_VECTOR_PIN(float, 4, 16)
SC_VECTOR_PIN(float, 8, 32)
SC_VECTOR_PIN(float, 16, 64)
SC_VECTOR_PIN(double, 2, 16)
SC_VECTOR_PIN(double, 4, 32)
SC_VECTOR_PIN(double, 8, 64)

#endif
