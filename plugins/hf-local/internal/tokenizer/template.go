package tokenizer

// template is what is put around a text.
type template struct {
	before, after []int32
}
