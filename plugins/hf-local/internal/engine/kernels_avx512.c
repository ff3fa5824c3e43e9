// 14 rows of 2 vectors are 28 of the 32 registers; two more hold the weights.
#include "kernels.h"

#include <stddef.h>

#if defined(__x86_64__)
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,prefer-vector-width=512")
#define KERNELS otai_kernels_avx512
#define VECTOR_BYTES 64
#define TILE_ROWS 14
#include "kernels_body.h"
#else
const struct otai_kernels *const otai_kernels_avx512 = NULL;
#endif
