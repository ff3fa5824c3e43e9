// The kernels themselves, written once over a vector type. A file per
// instruction set includes this with
//   KERNELS       the name of the table to define,
//   VECTOR_BYTES  the size of a vector register, or 4 for plain C,
//   TILE_ROWS     how many rows gemm keeps in registers: 4, 6, 8 or 14.

#include <stddef.h>

#define LANES (VECTOR_BYTES / 4)
#define PANEL (2 * LANES)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

// --- the vector type -------------------------------------------------------

#if LANES > 1
typedef float vec __attribute__((vector_size(VECTOR_BYTES)));
typedef float loose __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t uvec __attribute__((vector_size(VECTOR_BYTES)));
#define LANE(v, i) ((v)[i])
#define BITS(v) ((ivec)(v))
#define FLOATS(v) ((vec)(v))
#define SELECT(c, a, b) FLOATS((BITS(c) & BITS(a)) | (~BITS(c) & BITS(b)))
// x - 0 is x for every x, which the compiler knows; x + 0 is not, for x = -0.
#define ALL(f) ((float)(f) - (vec){0})
#else
typedef float vec;
typedef float loose __attribute__((may_alias));
typedef int32_t ivec;
typedef uint32_t uvec;
#define LANE(v, i) (v)
INLINE ivec BITS(vec v) { union { vec f; ivec i; } u = {.f = v}; return u.i; }
INLINE vec FLOATS(ivec v) { union { ivec i; vec f; } u = {.i = v}; return u.f; }
#define SELECT(c, a, b) ((c) ? (a) : (b))
#define ALL(f) ((vec)(f))
#endif

INLINE vec load(const float *p) { return *(const loose *)p; }
INLINE void store(float *p, vec v) { *(loose *)p = v; }
INLINE vec largest(vec a, vec b) { return SELECT(a > b, a, b); }
INLINE vec smallest(vec a, vec b) { return SELECT(a < b, a, b); }

INLINE float sum_of(vec v)
{
	float s = LANE(v, 0);
	UNROLL for (int i = 1; i < LANES; i++) s += LANE(v, i);
	return s;
}

INLINE float largest_of(vec v)
{
	float m = LANE(v, 0);
	UNROLL for (int i = 1; i < LANES; i++) m = m > LANE(v, i) ? m : LANE(v, i);
	return m;
}

// --- functions of a vector -------------------------------------------------

// exp as in Cephes expf (S. Moshier): x = n*ln2 + r, a polynomial for e^r, and n
// added to the exponent. 12582912 is 1.5*2^23: adding it rounds to an integer,
// which then stands in the low bits.
INLINE vec exp_of(vec x)
{
	// e^-70 counts for nothing beside 1, and its product with the values of a
	// long text is still no denormal number, with which CPUs compute slowly.
	x = smallest(ALL(88.f), largest(ALL(-70.f), x)); // in this order NaN stays NaN
	vec shifted = x * ALL(1.44269504f) + ALL(12582912.f);
	vec n = shifted - ALL(12582912.f);
	vec r = x - n * ALL(0.693359375f);
	r = r - n * ALL(-2.12194440e-4f);
	vec p = ALL(1.9875691500e-4f);
	p = p * r + ALL(1.3981999507e-3f);
	p = p * r + ALL(8.3334519073e-3f);
	p = p * r + ALL(4.1665795894e-2f);
	p = p * r + ALL(1.6666665459e-1f);
	p = p * r + ALL(5.0000001201e-1f);
	vec y = p * (r * r) + r + ALL(1.f);
	return FLOATS((ivec)((uvec)BITS(y) + ((uvec)BITS(shifted) << 23)));
}

// erf as a quotient of odd and even polynomials on [-4, 4], beyond which a
// float32 can't distinguish it from 1; the coefficients are those that Eigen uses.
INLINE vec erf_of(vec x)
{
	x = largest(smallest(x, ALL(4.f)), ALL(-4.f));
	vec z = x * x;
	vec p = ALL(-2.72614225801306e-10f);
	p = p * z + ALL(2.77068142495902e-08f);
	p = p * z + ALL(-2.10102402082508e-06f);
	p = p * z + ALL(-5.69250639462346e-05f);
	p = p * z + ALL(-7.34990630326855e-04f);
	p = p * z + ALL(-2.95459980854025e-03f);
	p = p * z + ALL(-1.60960333262415e-02f);
	vec q = ALL(-1.45660718464996e-05f);
	q = q * z + ALL(-2.13374055278905e-04f);
	q = q * z + ALL(-1.68282697438203e-03f);
	q = q * z + ALL(-7.37332916720468e-03f);
	q = q * z + ALL(-1.42647390514189e-02f);
	return p * x / q;
}

INLINE vec sigmoid_of(vec x) { return ALL(1.f) / (ALL(1.f) + exp_of(ALL(0.f) - x)); }
INLINE vec tanh_of(vec x) { return ALL(2.f) * sigmoid_of(ALL(2.f) * x) - ALL(1.f); }

// Hendrycks and Gimpel, Gaussian Error Linear Units: x * Phi(x), exactly and as
// the paper's two approximations.
INLINE vec gelu(vec x) { return ALL(0.5f) * x * (ALL(1.f) + erf_of(x * ALL(0.70710678118654752f))); }
INLINE vec gelu_tanh(vec x)
{
	return ALL(0.5f) * x * (ALL(1.f) + tanh_of(ALL(0.7978845608028654f) * (x + ALL(0.044715f) * x * x * x)));
}
INLINE vec quick_gelu(vec x) { return x * sigmoid_of(ALL(1.702f) * x); }

INLINE vec activate(int activation, vec x)
{
	switch (activation) {
	case OTAI_GELU: return gelu(x);
	case OTAI_GELU_TANH: return gelu_tanh(x);
	case OTAI_QUICK_GELU: return quick_gelu(x);
	case OTAI_RELU: return largest(x, ALL(0.f));
	case OTAI_SILU: return x * sigmoid_of(x);
	case OTAI_TANH: return tanh_of(x);
	}
	return x;
}

// --- matrix product --------------------------------------------------------

static void pack(const float *w, int64_t rows, int64_t inputs, int64_t first, float *out)
{
	// Blocks of 16 inputs, so that a cache line of w is used up while the
	// lines of out that it goes to are still near.
	for (int64_t r0 = 0; r0 < rows;) {
		int64_t column = (first + r0) % PANEL;
		int64_t n = PANEL - column < rows - r0 ? PANEL - column : rows - r0;
		float *panel = out + (first + r0) / PANEL * inputs * PANEL + column;
		for (int64_t k0 = 0; k0 < inputs; k0 += 16) {
			int64_t k1 = k0 + 16 < inputs ? k0 + 16 : inputs;
			for (int64_t r = 0; r < n; r++)
				for (int64_t k = k0; k < k1; k++) panel[k * PANEL + r] = w[(r0 + r) * inputs + k];
		}
		r0 += n;
	}
}

// tile computes c[rows][PANEL] += a[rows][inputs] * panel, keeping c in
// registers. It starts from bias unless `more` says that c has a partial sum.
INLINE void tile(const int rows, int64_t inputs, const float *a, int64_t a_stride, const float *panel,
	const float *bias, float *c, int64_t c_stride, int more, const float *ahead, int64_t lines)
{
	vec sum[TILE_ROWS][2];
	if (more) {
		UNROLL for (int i = 0; i < rows; i++) {
			sum[i][0] = load(c + i * c_stride);
			sum[i][1] = load(c + i * c_stride + LANES);
		}
	} else {
		vec b0 = ALL(0.f), b1 = ALL(0.f);
		if (bias) b0 = load(bias), b1 = load(bias + LANES);
		UNROLL for (int i = 0; i < rows; i++) sum[i][0] = b0, sum[i][1] = b1;
	}
#define STEP(k)                                                                                              \
	{                                                                                                        \
		vec w0 = load(panel + (k) * PANEL), w1 = load(panel + (k) * PANEL + LANES);                           \
		UNROLL for (int i = 0; i < rows; i++) {                                                              \
			vec x = ALL(a[i * a_stride + (k)]);                                                               \
			sum[i][0] += x * w0;                                                                             \
			sum[i][1] += x * w1;                                                                             \
		}                                                                                                    \
	}
	int64_t k = 0;
	for (; k + 4 <= inputs; k += 4) {
		for (int line = 0; line < 4 * PANEL; line += 16) __builtin_prefetch(panel + 16 * PANEL + line);
		for (int64_t line = 0; line < lines; line++, ahead += 16) __builtin_prefetch(ahead, 0, 2);
		STEP(0) STEP(1) STEP(2) STEP(3)
		a += 4;
		panel += 4 * PANEL;
	}
	for (; k < inputs; k++, a++, panel += PANEL) STEP(0)
#undef STEP
	UNROLL for (int i = 0; i < rows; i++) {
		store(c + i * c_stride, sum[i][0]);
		store(c + i * c_stride + LANES, sum[i][1]);
	}
}

#define TILE(n)                                                                                              \
	static __attribute__((noinline)) void tile_##n(int64_t inputs, const float *a, int64_t a_stride,         \
		const float *panel, const float *bias, float *c, int64_t c_stride, int more, const float *ahead,     \
		int64_t lines)                                                                                        \
	{                                                                                                        \
		tile(n, inputs, a, a_stride, panel, bias, c, c_stride, more, ahead, lines);                           \
	}
TILE(1) TILE(2) TILE(3) TILE(4)
#if TILE_ROWS > 4
TILE(5) TILE(6)
#endif
#if TILE_ROWS > 6
TILE(7) TILE(8)
#endif
#if TILE_ROWS > 8
TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#endif

typedef void (*tile_func)(int64_t, const float *, int64_t, const float *, const float *, float *, int64_t, int, const float *, int64_t);

static const tile_func tiles[TILE_ROWS + 1] = {
	NULL, tile_1, tile_2, tile_3, tile_4,
#if TILE_ROWS > 4
	tile_5, tile_6,
#endif
#if TILE_ROWS > 6
	tile_7, tile_8,
#endif
#if TILE_ROWS > 8
	tile_9, tile_10, tile_11, tile_12, tile_13, tile_14,
#endif
};

static void activate_tile(int activation, int64_t rows, float *c, int64_t c_stride)
{
#define EACH(f)                                                                                              \
	for (int64_t i = 0; i < rows; i++) {                                                                     \
		float *p = c + i * c_stride;                                                                         \
		store(p, f(load(p)));                                                                                \
		store(p + LANES, f(load(p + LANES)));                                                                \
	}
#define OTHER(x) activate(activation, x)
	switch (activation) {
	case OTAI_IDENTITY: return;
	case OTAI_GELU: EACH(gelu) return;
	default: EACH(OTHER) return;
	}
#undef OTHER
#undef EACH
}

// Up to DEPTH inputs are summed at a time, so that their part of a panel and of
// BAND rows of a stay in the second-level cache. Measured: a smaller DEPTH, for
// the first level, loses more by reading and writing the sums than it gains.
#define DEPTH 768
#define BAND (16 * TILE_ROWS)

static void gemm(int64_t rows, int64_t inputs, const float *a, int64_t a_stride, const float *packed,
	const float *bias, float *c, int64_t c_stride, int64_t from, int64_t to, int activation)
{
	const int64_t bands = (rows + BAND - 1) / BAND;
	const int64_t depth = inputs > DEPTH + DEPTH / 3 ? DEPTH : inputs;
	for (int64_t band = 0; band < bands; band++) {
		// Bands and tiles are of nearly equal size, so that none is left
		// over that would use the registers badly.
		const int64_t begin = rows * band / bands, height = rows * (band + 1) / bands - begin;
		const int64_t parts = (height + TILE_ROWS - 1) / TILE_ROWS;
		const int64_t lines = (PANEL / 4 + parts - 1) / parts;
		for (int64_t k0 = 0; k0 < inputs; k0 += depth) {
			const int64_t k = inputs - k0 < depth ? inputs - k0 : depth;
			for (int64_t p = from; p < to; p++) {
				const float *panel = packed + (p * inputs + k0) * PANEL;
				const float *ahead = panel + inputs * PANEL;
				for (int64_t part = 0; part < parts; part++) {
					const int64_t row = begin + height * part / parts;
					const int64_t n = begin + height * (part + 1) / parts - row;
					float *out = c + row * c_stride + p * PANEL;
					tiles[n](k, a + row * a_stride + k0, a_stride, panel, bias ? bias + p * PANEL : NULL, out,
						c_stride, k0 > 0, ahead, lines);
					ahead += k / 4 * lines * 16;
					if (k0 + k == inputs) activate_tile(activation, n, out, c_stride);
				}
			}
		}
	}
}

// --- attention -------------------------------------------------------------

#define ROUND_UP(n) (((n) + PANEL - 1) / PANEL * PANEL)
#define QUERIES (8 * TILE_ROWS)

// The strides are odd multiples of a cache line, so that rows below each other
// don't fall into the same place of the cache.
#define SCORE_STRIDE(length) (ROUND_UP(length) + 16)

static int64_t attend_scratch(int64_t length, int64_t head)
{
	int64_t keys = ROUND_UP(length) * head, values = length * ROUND_UP(head);
	return keys + values + QUERIES * (SCORE_STRIDE(length) + ROUND_UP(head)) + 64;
}

static void softmax(float *row, int64_t length, int64_t padded)
{
	for (int64_t i = length; i < padded; i++) row[i] = -__builtin_inff();
	vec top = load(row);
	for (int64_t i = LANES; i < padded; i += LANES) top = largest(load(row + i), top);
	vec max = ALL(largest_of(top)), sum = ALL(0.f);
	for (int64_t i = 0; i < padded; i += LANES) {
		vec e = exp_of(load(row + i) - max);
		sum += e;
		store(row + i, e);
	}
	vec scale = ALL(1.f / sum_of(sum));
	for (int64_t i = 0; i < padded; i += LANES) store(row + i, load(row + i) * scale);
}

static void attend(int64_t length, int64_t head, const float *q, const float *k, const float *v, int64_t stride,
	float *out, int64_t out_stride, float scale, float *scratch)
{
	const int64_t padded = ROUND_UP(length), panels = padded / PANEL, wide = ROUND_UP(head);
	float *keys = scratch, *values = keys + padded * head, *scores = values + length * wide;
	const int64_t score_stride = SCORE_STRIDE(length);
	float *context = scores + QUERIES * score_stride;

	for (int64_t p = 0; p < panels; p++)
		for (int64_t j = 0; j < PANEL; j++) {
			int64_t n = p * PANEL + j;
			float *column = keys + p * head * PANEL + j;
			if (n < length)
				for (int64_t d = 0; d < head; d++) column[d * PANEL] = k[n * stride + d] * scale;
			else
				for (int64_t d = 0; d < head; d++) column[d * PANEL] = 0.f;
		}
	for (int64_t p = 0; p < wide / PANEL; p++)
		for (int64_t n = 0; n < length; n++) {
			const float *row = v + n * stride + p * PANEL;
			float *to = values + (p * length + n) * PANEL;
			int64_t have = head - p * PANEL;
			if (have >= PANEL) {
				store(to, load(row));
				store(to + LANES, load(row + LANES));
			} else
				for (int64_t d = 0; d < PANEL; d++) to[d] = d < have ? row[d] : 0.f;
		}

	for (int64_t first = 0; first < length; first += QUERIES) {
		const int64_t n = length - first < QUERIES ? length - first : QUERIES;
		gemm(n, head, q + first * stride, stride, keys, NULL, scores, score_stride, 0, panels, OTAI_IDENTITY);
		for (int64_t i = 0; i < n; i++) softmax(scores + i * score_stride, length, padded);
		if (wide == head) {
			gemm(n, length, scores, score_stride, values, NULL, out + first * out_stride, out_stride, 0, wide / PANEL,
				OTAI_IDENTITY);
			continue;
		}
		// gemm writes whole panels, which would run into the next head.
		gemm(n, length, scores, score_stride, values, NULL, context, wide, 0, wide / PANEL, OTAI_IDENTITY);
		for (int64_t i = 0; i < n; i++)
			for (int64_t d = 0; d < head; d++) out[(first + i) * out_stride + d] = context[i * wide + d];
	}
}

// --- layer normalization ---------------------------------------------------

static void add_norm(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride,
	const float *gamma, const float *beta, float epsilon)
{
	const int64_t even = width / LANES * LANES;
	for (int64_t r = 0; r < rows; r++, x += x_stride) {
		vec sums = ALL(0.f);
		float sum = 0.f;
		if (y) {
			const float *z = y + r * y_stride;
			for (int64_t j = 0; j < even; j += LANES) store(x + j, load(x + j) + load(z + j));
			for (int64_t j = even; j < width; j++) x[j] += z[j];
		}
		for (int64_t j = 0; j < even; j += LANES) sums += load(x + j);
		for (int64_t j = even; j < width; j++) sum += x[j];
		const float mean = (sum_of(sums) + sum) / width;

		vec squares = ALL(0.f);
		float square = 0.f;
		for (int64_t j = 0; j < even; j += LANES) {
			vec d = load(x + j) - ALL(mean);
			squares += d * d;
		}
		for (int64_t j = even; j < width; j++) square += (x[j] - mean) * (x[j] - mean);
		const float scale = 1.f / __builtin_sqrtf((sum_of(squares) + square) / width + epsilon);

		for (int64_t j = 0; j < even; j += LANES)
			store(x + j, (load(x + j) - ALL(mean)) * ALL(scale) * load(gamma + j) + load(beta + j));
		for (int64_t j = even; j < width; j++) x[j] = (x[j] - mean) * scale * gamma[j] + beta[j];
	}
}

// --- other encoders than BERT ----------------------------------------------

#include "kernels_relative.h"

// --- the machine's peak ----------------------------------------------------

static int64_t fma_loop(int64_t rounds, float *sink)
{
	// Twelve independent sums hide the latency of a multiply-add on every
	// CPU that has two units for it.
	vec sum[12], x = ALL(0.999f), y = ALL(0.001f);
	UNROLL for (int i = 0; i < 12; i++) sum[i] = ALL((float)i);
#if defined(__x86_64__) && LANES > 1
	__asm__ volatile("" : "+x"(x), "+x"(y));
#endif
	for (int64_t n = 0; n < rounds; n++) {
		UNROLL for (int i = 0; i < 12; i++) sum[i] = sum[i] * x + y;
	}
	vec all = ALL(0.f);
	UNROLL for (int i = 0; i < 12; i++) all += sum[i];
	*sink = sum_of(all);
	return rounds * 12 * LANES * 2;
}

static const struct otai_kernels table = {
	PANEL, pack, gemm, attend, attend_scratch, add_norm,
	attend_near, attend_near_scratch, rotate, add, multiply, fma_loop,
};
const struct otai_kernels *const KERNELS = &table;
