package normalizers

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// charsmap is a map of sentencepiece's normalizers, such as nmt_nfkc: a trie in a
// double array (darts-clone) from a few characters to what takes their place.
type charsmap struct {
	units  []uint32
	values string // texts, each closed by a zero byte
	// plain are the characters of ASCII that stay as they are, together and
	// alone: most texts of most languages consist of them.
	plain [utf8.RuneSelf]bool
}

// Precompiled returns the normalizer of a precompiled_charsmap.
func Precompiled(data []byte) (Normalizer, error) {
	m, err := parseCharsmap(data)
	if err != nil {
		return Normalizer{}, err
	}
	return Normalizer{m.normalize, m.lead}, nil
}

// parseCharsmap reads the size of the trie, the trie, and the texts.
func parseCharsmap(data []byte) (*charsmap, error) {
	if len(data) < 4 {
		return nil, errors.New("precompiled_charsmap is cut off")
	}
	size := binary.LittleEndian.Uint32(data)
	if data = data[4:]; uint64(size) > uint64(len(data)) || size%4 != 0 || size == 0 {
		return nil, errors.New("precompiled_charsmap is damaged: its trie is larger than itself")
	}
	m := &charsmap{units: make([]uint32, size/4), values: string(data[size:])}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	for c := range m.plain {
		_, mapped := m.replaced(string(rune(c)))
		m.plain[c] = !mapped && c != '\r' && c != '\n'
	}
	return m, nil
}

// offset is the distance from a unit to those that follow it.
func offset(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }

// replaced returns what takes the place of text: the value of the shortest key
// that text begins with. That is what HuggingFace tokenizers takes, not the
// longest.
func (m *charsmap) replaced(text string) (string, bool) {
	at := offset(m.units[0])
	for i := range len(text) {
		c := text[i]
		if c == 0 {
			break
		}
		at ^= uint32(c)
		if uint64(at) >= uint64(len(m.units)) {
			break
		}
		unit := m.units[at]
		if unit&(1<<31|0xFF) != uint32(c) {
			break
		}
		at ^= offset(unit)
		if unit>>8&1 == 0 {
			continue
		}
		if uint64(at) >= uint64(len(m.units)) {
			break
		}
		begin := m.units[at] & (1<<31 - 1)
		if uint64(begin) > uint64(len(m.values)) {
			break
		}
		value := m.values[begin:]
		if end := strings.IndexByte(value, 0); end >= 0 {
			value = value[:end]
		}
		return value, true
	}
	return "", false
}

// maxCluster is up to how many bytes a grapheme cluster is looked up as a whole.
const maxCluster = 5

// normalize replaces what the map has: grapheme clusters of a few bytes, else
// single characters.
func (m *charsmap) normalize(text string) string {
	same := 0
	for same < len(text) && text[same] < utf8.RuneSelf && m.plain[text[same]] {
		same++
	}
	if same == len(text) {
		return text
	}
	if same > 0 {
		same-- // the last one may belong to a cluster
	}
	out := append(make([]byte, 0, len(text)+len(text)/8+16), text[:same]...)
	for i := same; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && m.plain[c] && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			out = append(out, c)
			i++
			continue
		}
		n, single := unicodedata.GraphemeCluster(text[i:])
		if !single && n <= maxCluster {
			if value, ok := m.replaced(text[i : i+n]); ok {
				out = append(out, value...)
				i += n
				continue
			}
		}
		for end := i + n; i < end; {
			_, size := unicodedata.Decode(text, i)
			if value, ok := m.replaced(text[i : i+size]); ok {
				out = append(out, value...)
			} else {
				out = append(out, text[i:i+size]...)
			}
			i += size
		}
	}
	return string(out)
}

// lead is that of a normalizer. Of what takes the place of a cluster, the first
// character belongs to its first, the second to its second, and so on.
func (m *charsmap) lead(text string, n int) int {
	total := 0
	for i := 0; i < n; {
		size, single := unicodedata.GraphemeCluster(text[i:])
		if !single && size <= maxCluster {
			if value, ok := m.replaced(text[i : i+size]); ok {
				if i+size > n {
					value = firstRunes(value, utf8.RuneCountInString(text[i:n]))
				}
				total += len(value)
				i += size
				continue
			}
		}
		for end := min(i+size, n); i < end; {
			_, size := unicodedata.Decode(text, i)
			value, ok := m.replaced(text[i : i+size])
			if !ok {
				value = text[i : i+size]
			}
			total += len(value)
			i += size
		}
	}
	if total == 0 {
		// HuggingFace doesn't count what disappears before anything else.
		_, total = utf8.DecodeRuneInString(m.normalize(text))
	}
	return total
}

func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
