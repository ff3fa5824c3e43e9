// For every other CPU. 64-bit ARM always has vectors of 16 bytes and 32
// registers for them, and the compiler turns the vector type into them;
// elsewhere a "vector" is one float and the code is plain C.
#include "kernels.h"

#define KERNELS otai_kernels_generic
#if defined(__aarch64__)
#define VECTOR_BYTES 16
#define TILE_ROWS 8
#else
#define VECTOR_BYTES 4
#define TILE_ROWS 4
#endif
#include "kernels_body.h"
