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

// The first n lanes, 0 <= n < lanes; nothing else is read (the other lanes are 0) or written. By masks where they are one instruction; AVX2's
// masked store takes dozens of cycles on some processors, so there halves, quarters … are stored.
#define SC_PART_STORES(type, lanes, half)                                                                                     \
    static inline __attribute__((always_inline)) void sc_store_part_##type##lanes(sc_##type##lanes x, type *_Nonnull p, long n) { \
        if (n & half) {                                                                                                       \
            __builtin_memcpy(p, &x, half * sizeof(type));                                                                     \
            p += half;                                                                                                        \
            x = SC_UPPER_##lanes(x);                                                                                          \
        }                                                                                                                     \
        SC_LESS_##lanes(type, x, p, n)                                                                                        \
    }
#define SC_UPPER_2(x) __builtin_shufflevector(x, x, 1, 1)
#define SC_UPPER_4(x) __builtin_shufflevector(x, x, 2, 3, 2, 3)
#define SC_UPPER_8(x) __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7)
#define SC_LESS_2(type, x, p, n)
#define SC_LESS_4(type, x, p, n) \
    if (n & 1) *p = x[0];
#define SC_LESS_8(type, x, p, n)                    \
    if (n & 2) {                                    \
        __builtin_memcpy(p, &x, 2 * sizeof(type));  \
        p += 2;                                     \
        x = SC_UPPER_4_OF_8(x);                     \
    }                                               \
    if (n & 1) *p = x[0];
#define SC_UPPER_4_OF_8(x) __builtin_shufflevector(x, x, 2, 3, 2, 3, 2, 3, 2, 3)
#define SC_PART_LOADS(type, lanes)                                                                                             \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_load_part_##type##lanes(const type *_Nonnull p, long n) { \
        sc_##type##lanes x = 0;                                                                                                \
        for (long i = 0; i < n; i++) x[i] = p[i];                                                                              \
        return x;                                                                                                              \
    }
#define SC_MASKED_LOADS(type, lanes, integer, function)                                                                        \
    typedef integer sc_mask_##type##lanes __attribute__((ext_vector_type(lanes)));                                             \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_load_part_##type##lanes(const type *_Nonnull p, long n) { \
        sc_mask_##type##lanes lane;                                                                                            \
        for (int i = 0; i < lanes; i++) lane[i] = i;                                                                           \
        return function((const void *)p, lane < (integer)n);                                                                   \
    }

SC_PART_STORES(float, 4, 2)
SC_PART_STORES(double, 2, 1)
SC_PART_LOADS(float, 4)
SC_PART_LOADS(double, 2)
#if defined(__AVX512F__)
static inline __attribute__((always_inline)) sc_float16 sc_load_part_float16(const float *_Nonnull p, long n) {
    return __builtin_ia32_loadups512_mask(p, (sc_float16)0, (unsigned short)((1u << n) - 1));
}
static inline __attribute__((always_inline)) void sc_store_part_float16(sc_float16 x, float *_Nonnull p, long n) {
    __builtin_ia32_storeups512_mask(p, x, (unsigned short)((1u << n) - 1));
}
static inline __attribute__((always_inline)) sc_double8 sc_load_part_double8(const double *_Nonnull p, long n) {
    return __builtin_ia32_loadupd512_mask(p, (sc_double8)0, (unsigned char)((1u << n) - 1));
}
static inline __attribute__((always_inline)) void sc_store_part_double8(sc_double8 x, double *_Nonnull p, long n) {
    __builtin_ia32_storeupd512_mask(p, x, (unsigned char)((1u << n) - 1));
}
#endif
#if defined(__AVX2__)
SC_MASKED_LOADS(float, 8, int, __builtin_ia32_maskloadps256)
SC_MASKED_LOADS(double, 4, long long, __builtin_ia32_maskloadpd256)
SC_PART_STORES(float, 8, 4)
SC_PART_STORES(double, 4, 2)
#endif

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

// Asks for the cache line of p to be brought into the second-level cache; any address will do.
static inline __attribute__((always_inline)) void sc_prefetch_l2(const void *_Nonnull p) { __builtin_prefetch(p, 0, 2); }

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

// x, but floor where it is below that, then ceiling where it is above that; NaN stays. Without branches and calls on every level.
#define SC_VECTOR_LIMIT(type, lanes)                                                                           \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_limit_##type##lanes(                     \
        sc_##type##lanes x, sc_##type##lanes floor, sc_##type##lanes ceiling) {                                \
        x = x < floor ? floor : x;                                                                             \
        return ceiling < x ? ceiling : x;                                                                      \
    }
SC_VECTOR_LIMIT(float, 4)
SC_VECTOR_LIMIT(float, 8)
SC_VECTOR_LIMIT(float, 16)

// a where x == y, else b.
#define SC_VECTOR_WHERE_EQUAL(type, lanes)                                                                     \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_where_equal_##type##lanes(                \
        sc_##type##lanes x, sc_##type##lanes y, sc_##type##lanes a, sc_##type##lanes b) {                      \
        return x == y ? a : b;                                                                                 \
    }
SC_VECTOR_WHERE_EQUAL(float, 4)
SC_VECTOR_WHERE_EQUAL(float, 8)
SC_VECTOR_WHERE_EQUAL(float, 16)
SC_VECTOR_WHERE_EQUAL(double, 2)
SC_VECTOR_WHERE_EQUAL(double, 4)
SC_VECTOR_WHERE_EQUAL(double, 8)

// The larger of both; a where they are equal or one is NaN.
#define SC_VECTOR_LARGER(type, lanes)                                                                                          \
    static inline __attribute__((always_inline)) sc_##type##lanes sc_larger_##type##lanes(sc_##type##lanes a, sc_##type##lanes b) { \
        return b > a ? b : a;                                                                                                  \
    }
SC_VECTOR_LARGER(float, 4)
SC_VECTOR_LARGER(float, 8)
SC_VECTOR_LARGER(float, 16)
SC_VECTOR_LARGER(double, 2)
SC_VECTOR_LARGER(double, 4)
SC_VECTOR_LARGER(double, 8)

// Whether any lane is NaN.
#define SC_VECTOR_ANY_NAN(type, lanes)                                                                          \
    static inline __attribute__((always_inline)) _Bool sc_any_nan_##type##lanes(sc_##type##lanes x) {           \
        return __builtin_reduce_or(x != x) != 0;                                                               \
    }
SC_VECTOR_ANY_NAN(float, 4)
SC_VECTOR_ANY_NAN(float, 8)
SC_VECTOR_ANY_NAN(float, 16)
SC_VECTOR_ANY_NAN(double, 2)
SC_VECTOR_ANY_NAN(double, 4)
SC_VECTOR_ANY_NAN(double, 8)

#endif
