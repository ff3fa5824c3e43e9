#include "kernels.h"

#include <stddef.h>
#include <time.h>

const struct otai_kernels *otai_kernels_for(int isa)
{
	switch (isa) {
	case OTAI_GENERIC:
		return otai_kernels_generic;
#if defined(__x86_64__)
	case OTAI_SSE2:
		return otai_kernels_sse2;
	case OTAI_AVX2:
		__builtin_cpu_init();
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? otai_kernels_avx2 : NULL;
	case OTAI_AVX512:
		__builtin_cpu_init();
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
			__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") ? otai_kernels_avx512 : NULL;
#endif
	}
	return NULL;
}

void otai_pack(const struct otai_kernels *o, const float *w, int64_t rows, int64_t inputs, int64_t first, float *out)
{
	o->pack(w, rows, inputs, first, out);
}

void otai_gemm(const struct otai_kernels *o, int64_t rows, int64_t inputs, const float *a, int64_t a_stride,
	const float *packed, const float *bias, float *c, int64_t c_stride, int64_t from, int64_t to, int activation)
{
	o->gemm(rows, inputs, a, a_stride, packed, bias, c, c_stride, from, to, activation);
}

void otai_attend(const struct otai_kernels *o, int64_t length, int64_t head, const float *q, const float *k,
	const float *v, int64_t stride, float *out, int64_t out_stride, float scale, float *scratch)
{
	o->attend(length, head, q, k, v, stride, out, out_stride, scale, scratch);
}

int64_t otai_attend_scratch(const struct otai_kernels *o, int64_t length, int64_t head)
{
	return o->attend_scratch(length, head);
}

void otai_add_norm(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride,
	const float *y, int64_t y_stride, const float *gamma, const float *beta, float epsilon)
{
	o->add_norm(rows, width, x, x_stride, y, y_stride, gamma, beta, epsilon);
}

int64_t otai_fma_loop(const struct otai_kernels *o, int64_t rounds, float *sink)
{
	return o->fma_loop(rounds, sink);
}

void otai_pause(void)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (int i = 0; i < 4; i++) {
#if defined(__x86_64__) || defined(__i386__)
			__builtin_ia32_pause();
#elif defined(__aarch64__)
			__asm__ volatile("isb" ::: "memory");
#endif
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < 1000);
}
