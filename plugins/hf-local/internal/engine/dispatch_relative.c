#include "kernels.h"

#include <stddef.h>

void otai_attend_near(const struct otai_kernels *o, int64_t length, int64_t head, const float *q, const float *k,
	const float *v, int64_t stride, float *out, int64_t out_stride, float scale, int64_t window, const float *of_key,
	const float *of_query, int64_t position_stride, const int32_t *key_column, const int32_t *query_column, float *scratch)
{
	const struct otai_positions positions = {of_key, of_query, position_stride, key_column, query_column};
	o->attend_near(length, head, q, k, v, stride, out, out_stride, scale, window, of_key || of_query ? &positions : NULL,
		scratch);
}

int64_t otai_attend_near_scratch(const struct otai_kernels *o, int64_t length, int64_t head, int64_t window)
{
	return o->attend_near_scratch(length, head, window);
}

void otai_rotate(const struct otai_kernels *o, int64_t rows, int64_t heads, int64_t half, float *x, int64_t stride,
	const float *cosines, const float *sines)
{
	for (int64_t r = 0; r < rows; r++) o->rotate(heads, half, x + r * stride, cosines + r * half, sines + r * half);
}

void otai_add(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y,
	int64_t y_stride)
{
	o->add(rows, width, x, x_stride, y, y_stride);
}

void otai_multiply(const struct otai_kernels *o, int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y,
	int64_t y_stride)
{
	o->multiply(rows, width, x, x_stride, y, y_stride);
}
