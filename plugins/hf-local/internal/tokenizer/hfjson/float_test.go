package hfjson

import "testing"

func TestNumbersAreReadAsHuggingFaceTokenizersReadsThem(t *testing.T) {
	// What Tokenizer.from_str(…).to_str() of HuggingFace tokenizers 0.23 makes of
	// them. The first ones aren't the nearest values.
	for text, want := range map[string]float64{
		"-0.43561181362301915":         -0.4356118136230191,
		"-12.563669634938593":          -12.563669634938591,
		"-9.634415443986683":           -9.634415443986684,
		"-1.8133493970870962":          -1.813349397087096,
		"-123456789012345678901234.5":  -1.2345678901234567e+23,
		"-10.822266113749025":          -10.822266113749023,
		"-1.0000000000000000000000001": -1,
		"-0.1e-5":                      -1e-06,
		"-12345678901234567890.5":      -1.2345678901234567e+19,
		"-1e-320":                      -1e-320,
		"-5e2":                         -500,
		"-3":                           -3,
		"-4.9406564584124654e-324":     -5e-324,
		"-7.450580596923828125":        -7.450580596923828,
	} {
		s := NewScanner(text)
		if got, err := s.Float(); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	s := &Scanner{text: "-0.43561181362301915", Python: true}
	if got, err := s.Float(); err != nil || got != -0.43561181362301915 {
		t.Errorf("as Python: %v, %v", got, err)
	}
}
