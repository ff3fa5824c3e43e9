package pytorch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The limits of a pickle, which bound the memory that it takes. A tensor needs
// about 40 instructions and 200 bytes, and the largest models have a thousand.
const (
	maxPickle = 16 << 20 // bytes
	maxSteps  = 1 << 20  // instructions
)

// The opcodes of pickle that torch.save writes, and the newer forms of the same
// (Python's Lib/pickletools.py describes them all).
const (
	opMark            = '('
	opStop            = '.'
	opPop             = '0'
	opPopMark         = '1'
	opBinFloat        = 'G'
	opBinInt          = 'J'
	opBinInt1         = 'K'
	opBinInt2         = 'M'
	opNone            = 'N'
	opBinPersID       = 'Q'
	opBinString       = 'T'
	opShortBinString  = 'U'
	opReduce          = 'R'
	opBinUnicode      = 'X'
	opAppend          = 'a'
	opBuild           = 'b'
	opGlobal          = 'c'
	opAppends         = 'e'
	opBinGet          = 'h'
	opLongBinGet      = 'j'
	opBinPut          = 'q'
	opLongBinPut      = 'r'
	opSetItem         = 's'
	opTuple           = 't'
	opSetItems        = 'u'
	opEmptyTuple      = ')'
	opEmptyList       = ']'
	opEmptyDict       = '}'
	opProto           = 0x80
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opLong1           = 0x8a
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
)

// A value is nil, bool, int64, float64, string, long, tuple, *list, *dict, name,
// storage or tensor.
type (
	long  []byte // a number of more than 8 bytes, least byte first
	tuple []any
	list  struct{ items []any }
	dict  struct{ keys, values []any }
	name  struct{ module, name string }
)

func (n name) String() string { return n.module + "." + n.name }

// machine runs one pickle.
type machine struct {
	code  []byte
	at    int
	stack []any
	marks []int // heights of the stack
	memo  map[uint32]any
}

var errCut = errors.New("the pickle is cut off")

// unpickle runs the pickle at the beginning of code and returns what it builds
// and what follows it.
func unpickle(code []byte) (value any, rest []byte, err error) {
	m := &machine{code: code, memo: make(map[uint32]any)}
	for range maxSteps {
		op, err := m.byte()
		if err != nil {
			return nil, nil, err
		}
		if op == opStop {
			value, err := m.pop()
			return value, m.code[m.at:], err
		}
		if err := m.step(op); err != nil {
			return nil, nil, fmt.Errorf("at byte %d of the pickle: %w", m.at, err)
		}
	}
	return nil, nil, fmt.Errorf("the pickle has more than %d instructions, far more than weights need", maxSteps)
}

func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.code)-m.at) {
		return nil, errCut
	}
	part := m.code[m.at:][:n]
	m.at += int(n)
	return part, nil
}

func (m *machine) byte() (byte, error) {
	b, err := m.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// size reads an unsigned number of that many bytes.
func (m *machine) size(bytes uint64) (uint64, error) {
	b, err := m.take(bytes)
	if err != nil {
		return 0, err
	}
	var eight [8]byte
	copy(eight[:], b)
	return binary.LittleEndian.Uint64(eight[:]), nil
}

func (m *machine) line() (string, error) {
	end := bytes.IndexByte(m.code[m.at:], '\n')
	if end < 0 {
		return "", errCut
	}
	line := string(m.code[m.at:][:end])
	m.at += end + 1
	return line, nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

var errEmpty = errors.New("the pickle takes a value that is not there")

func (m *machine) pop() (any, error) {
	bottom := 0
	if len(m.marks) > 0 {
		bottom = m.marks[len(m.marks)-1]
	}
	if len(m.stack) <= bottom {
		return nil, errEmpty
	}
	v := m.stack[len(m.stack)-1]
	m.stack[len(m.stack)-1] = nil
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// popMark returns the values since the last mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("the pickle has no mark here")
	}
	bottom := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	values := append([]any(nil), m.stack[bottom:]...)
	clear(m.stack[bottom:])
	m.stack = m.stack[:bottom]
	return values, nil
}

// step runs one instruction.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		_, err := m.byte()
		return err
	case opFrame:
		_, err := m.size(8)
		return err
	case opMark:
		m.marks = append(m.marks, len(m.stack))
	case opPop:
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opNone:
		m.push(nil)
	case opNewTrue, opNewFalse:
		m.push(op == opNewTrue)
	case opEmptyTuple:
		m.push(tuple{})
	case opEmptyList:
		m.push(&list{})
	case opEmptyDict:
		m.push(&dict{})
	case opBinInt, opBinInt1, opBinInt2, opLong1, opBinFloat:
		return m.number(op)
	case opBinUnicode, opShortBinUnicode, opBinUnicode8, opBinString, opShortBinString:
		return m.text(op)
	case opTuple, opTuple1, opTuple2, opTuple3:
		return m.tuple(op)
	case opAppend, opAppends, opSetItem, opSetItems:
		return m.fill(op)
	case opBinGet, opLongBinGet, opBinPut, opLongBinPut, opMemoize:
		return m.remember(op)
	case opGlobal, opStackGlobal, opReduce, opBuild, opBinPersID:
		return m.object(op)
	default:
		return fmt.Errorf("the instruction %#x is not one of a state dictionary's", op)
	}
	return nil
}

func (m *machine) number(op byte) error {
	switch op {
	case opBinInt:
		n, err := m.size(4)
		m.push(int64(int32(n)))
		return err
	case opBinInt1:
		n, err := m.size(1)
		m.push(int64(n))
		return err
	case opBinInt2:
		n, err := m.size(2)
		m.push(int64(n))
		return err
	case opBinFloat:
		b, err := m.take(8)
		if err != nil {
			return err
		}
		m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		return nil
	}
	n, err := m.size(1)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	if n > 8 {
		m.push(long(b))
		return nil
	}
	value := int64(0) // two's complement, as long as it needs to be
	for i, digit := range b {
		value |= int64(digit) << (8 * i)
	}
	if n > 0 && n < 8 && b[n-1] >= 0x80 {
		value -= 1 << (8 * n)
	}
	m.push(value)
	return nil
}

func (m *machine) text(op byte) error {
	width := map[byte]uint64{opShortBinUnicode: 1, opShortBinString: 1, opBinUnicode: 4, opBinString: 4, opBinUnicode8: 8}[op]
	n, err := m.size(width)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	m.push(string(b))
	return err
}

func (m *machine) tuple(op byte) error {
	if op == opTuple {
		values, err := m.popMark()
		m.push(tuple(values))
		return err
	}
	values := make(tuple, op-opTuple1+1)
	for i := len(values) - 1; i >= 0; i-- {
		var err error
		if values[i], err = m.pop(); err != nil {
			return err
		}
	}
	m.push(values)
	return nil
}

// fill puts values into the list or dictionary below them.
func (m *machine) fill(op byte) error {
	var values []any
	var err error
	switch op {
	case opAppends, opSetItems:
		values, err = m.popMark()
	default:
		n := 1
		if op == opSetItem {
			n = 2
		}
		values = make([]any, n)
		for i := n - 1; i >= 0 && err == nil; i-- {
			values[i], err = m.pop()
		}
	}
	if err != nil {
		return err
	}
	into, err := m.pop()
	if err != nil {
		return err
	}
	m.push(into)
	switch into := into.(type) {
	case *list:
		if op != opAppend && op != opAppends {
			break
		}
		into.items = append(into.items, values...)
		return nil
	case *dict:
		if op != opSetItem && op != opSetItems || len(values)%2 != 0 {
			break
		}
		for i := 0; i < len(values); i += 2 {
			into.keys, into.values = append(into.keys, values[i]), append(into.values, values[i+1])
		}
		return nil
	}
	return fmt.Errorf("the pickle fills a %s with %d values", kind(into), len(values))
}

func (m *machine) remember(op byte) error {
	width := map[byte]uint64{opBinGet: 1, opBinPut: 1, opLongBinGet: 4, opLongBinPut: 4}[op]
	n, err := m.size(width)
	if err != nil {
		return err
	}
	switch op {
	case opBinGet, opLongBinGet:
		value, ok := m.memo[uint32(n)]
		if !ok {
			return fmt.Errorf("the pickle remembers nothing as %d", n)
		}
		m.push(value)
		return nil
	case opMemoize:
		n = uint64(len(m.memo))
	}
	value, err := m.pop()
	if err != nil {
		return err
	}
	m.push(value)
	m.memo[uint32(n)] = value
	return nil
}

// object runs the instructions that could create anything in Python.
func (m *machine) object(op byte) error {
	if op == opGlobal {
		module, err := m.line()
		if err != nil {
			return err
		}
		named, err := m.line()
		if err != nil {
			return err
		}
		return m.global(module, named)
	}
	second, err := m.pop()
	if err != nil {
		return err
	}
	if op == opBinPersID {
		s, err := storageOf(second)
		m.push(s)
		return err
	}
	first, err := m.pop()
	if err != nil {
		return err
	}
	switch op {
	case opStackGlobal:
		module, _ := first.(string)
		named, _ := second.(string)
		return m.global(module, named)
	case opReduce:
		made, err := call(first, second)
		m.push(made)
		return err
	}
	// What a dictionary is built with are attributes, which don't matter.
	if _, ok := first.(*dict); !ok {
		return fmt.Errorf("the pickle sets attributes of a %s", kind(first))
	}
	m.push(first)
	return nil
}

func (m *machine) global(module, named string) error {
	n := name{module, named}
	if !known(n) {
		return fmt.Errorf("it asks for %.200q, which weights don't need, and is refused: who trusts the file can load it with torch and save it as model.safetensors", n.String())
	}
	m.push(n)
	return nil
}

// kind names the type of a value for people.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64, long:
		return "number"
	case float64:
		return "float"
	case string:
		return "text"
	case tuple:
		return "tuple"
	case *list:
		return "list"
	case *dict:
		return "dictionary"
	case name:
		return v.String()
	case storage:
		return "storage"
	case tensor:
		return "tensor"
	}
	return "value"
}
