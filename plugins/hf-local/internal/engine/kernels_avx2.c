// 6 rows of 2 vectors are 12 of the 16 registers; two more hold the weights.
#include "kernels.h"

#include <stddef.h>

#if defined(__x86_64__)
#pragma GCC target("avx2,fma")
#define KERNELS otai_kernels_avx2
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#include "kernels_body.h"
#else
const struct otai_kernels *const otai_kernels_avx2 = NULL;
#endif
