// What encoders compute besides BERT's: attention in a window or with relative
// positions, rotary positions, gates. kernels_body.h includes this.

#define NEAR_QUERIES 64
// Room for a row that doesn't begin with a panel, and an odd number of cache lines.
#define NEAR_STRIDE(columns) (ROUND_UP((columns) + PANEL) + 16)

// near_columns is how many keys a block of queries sees at most: the window
// before its first and after its last, from the beginning of a panel on.
static int64_t near_columns(int64_t length, int64_t window)
{
	const int64_t most = NEAR_QUERIES + 2 * window + PANEL;
	return window < 0 || most > length ? length : most;
}

static int64_t attend_near_scratch(int64_t length, int64_t head, int64_t window)
{
	int64_t keys = ROUND_UP(length) * head, values = length * ROUND_UP(head);
	return keys + values + NEAR_QUERIES * (NEAR_STRIDE(near_columns(length, window)) + ROUND_UP(head)) + 64;
}

static void attend_near(int64_t length, int64_t head, const float *q, const float *k, const float *v, int64_t stride,
	float *out, int64_t out_stride, float scale, int64_t window, const struct otai_positions *positions, float *scratch)
{
	const int64_t padded = ROUND_UP(length), wide = ROUND_UP(head);
	const int64_t score_stride = NEAR_STRIDE(near_columns(length, window));
	float *keys = scratch, *values = keys + padded * head, *scores = values + length * wide;
	float *context = scores + NEAR_QUERIES * score_stride;

	for (int64_t n = 0; n < padded; n++) {
		float *column = keys + n / PANEL * head * PANEL + n % PANEL;
		for (int64_t d = 0; d < head; d++) column[d * PANEL] = n < length ? k[n * stride + d] * scale : 0.f;
	}
	for (int64_t p = 0; p < wide / PANEL; p++)
		for (int64_t n = 0; n < length; n++) {
			float *to = values + (p * length + n) * PANEL;
			for (int64_t d = 0; d < PANEL; d++) to[d] = p * PANEL + d < head ? v[n * stride + p * PANEL + d] : 0.f;
		}

	for (int64_t first = 0; first < length; first += NEAR_QUERIES) {
		const int64_t rows = length - first < NEAR_QUERIES ? length - first : NEAR_QUERIES;
		int64_t from = 0, to = length;
		if (window >= 0) {
			if (first > window) from = (first - window) / PANEL * PANEL;
			if (to - window > first + rows) to = first + rows + window;
		}
		const int64_t columns = to - from, panels = ROUND_UP(columns) / PANEL;
		gemm(rows, head, q + first * stride, stride, keys + from * head, NULL, scores, score_stride, 0, panels, OTAI_IDENTITY);
		for (int64_t i = 0; i < rows; i++) {
			const int64_t query = first + i;
			float *row = scores + i * score_stride;
			const int64_t zero = length - 1 + query; // where the distance to key 0 stands
			if (positions && positions->of_key) {
				const float *of_key = positions->of_key + query * positions->stride;
				for (int64_t j = from; j < to; j++) row[j - from] += of_key[positions->key_column[zero - j]];
			}
			if (positions && positions->of_query)
				for (int64_t j = from; j < to; j++)
					row[j - from] += positions->of_query[j * positions->stride + positions->query_column[zero - j]];
			int64_t begin = from, end = to;
			if (window >= 0) {
				if (query - window > begin) begin = query - window;
				if (query + window + 1 < end) end = query + window + 1;
			}
			softmax(row + (begin - from), end - begin, ROUND_UP(end - begin));
			for (int64_t j = from; j < begin; j++) row[j - from] = 0.f;
			for (int64_t j = end; j < to; j++) row[j - from] = 0.f;
		}
		// Panel by panel, because the values of one panel lie below each
		// other for the whole sequence and only some of them are read.
		for (int64_t p = 0; p < wide / PANEL; p++)
			gemm(rows, columns, scores, score_stride, values + (p * length + from) * PANEL, NULL, context + p * PANEL, wide, 0, 1,
				OTAI_IDENTITY);
		for (int64_t i = 0; i < rows; i++)
			for (int64_t d = 0; d < head; d++) out[(first + i) * out_stride + d] = context[i * wide + d];
	}
}

// rotate turns the pairs (x[d], x[d+half]) of every head by the angles whose
// cosines and sines are given, half of each.
static void rotate(int64_t heads, int64_t half, float *restrict x, const float *restrict cosines, const float *restrict sines)
{
	for (int64_t h = 0; h < heads; h++, x += 2 * half)
		for (int64_t d = 0; d < half; d++) {
			const float a = x[d], b = x[d + half];
			x[d] = a * cosines[d] - b * sines[d];
			x[d + half] = b * cosines[d] + a * sines[d];
		}
}

static void add(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride)
{
	for (int64_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
		float *restrict to = x;
		const float *restrict from = y;
		for (int64_t i = 0; i < width; i++) to[i] += from[i];
	}
}

static void multiply(int64_t rows, int64_t width, float *x, int64_t x_stride, const float *y, int64_t y_stride)
{
	for (int64_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
		float *restrict to = x;
		const float *restrict from = y;
		for (int64_t i = 0; i < width; i++) to[i] *= from[i];
	}
}
