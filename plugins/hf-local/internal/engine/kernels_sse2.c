// What every x86-64 CPU has. Without fused multiply-add a product needs a
// register of its own, so the tile is smaller than the registers would allow.
#include "kernels.h"

#include <stddef.h>

#if defined(__x86_64__)
#define KERNELS otai_kernels_sse2
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#include "kernels_body.h"
#else
const struct otai_kernels *const otai_kernels_sse2 = NULL;
#endif
