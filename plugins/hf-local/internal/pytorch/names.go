package pytorch

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// dtypes are the classes of storages and what their values are called in
// safetensors.
var dtypes = map[string]struct {
	name  string
	width int64 // bytes
}{
	"FloatStorage": {"F32", 4}, "HalfStorage": {"F16", 2}, "BFloat16Storage": {"BF16", 2}, "DoubleStorage": {"F64", 8},
	"LongStorage": {"I64", 8}, "IntStorage": {"I32", 4}, "ShortStorage": {"I16", 2}, "CharStorage": {"I8", 1},
	"ByteStorage": {"U8", 1}, "BoolStorage": {"BOOL", 1},
}

// storage is a block of values in the file, which tensors are views of.
type storage struct {
	key    string
	dtype  string
	width  int64
	values int64
}

// tensor is a view of a storage: the offset counts values, and order has the
// dimensions from the one with the largest step to the one whose values lie beside
// each other. A transposed matrix has another order than its dimensions'.
type tensor struct {
	storage storage
	offset  int64
	shape   []int
	order   []int
}

const (
	collections = "collections"
	torch       = "torch"
	torchUtils  = "torch._utils"
)

// known reports whether a pickle may use a name. None of them does anything by
// itself: see call and storageOf.
func known(n name) bool {
	switch n.module {
	case collections:
		return n.name == "OrderedDict"
	case torchUtils:
		return n.name == "_rebuild_tensor_v2" || n.name == "_rebuild_tensor" || n.name == "_rebuild_parameter"
	case torch:
		_, ok := dtypes[n.name]
		return ok || n.name == "Size"
	}
	return false
}

// call is what calling a known name gives.
func call(callee, arguments any) (any, error) {
	n, isName := callee.(name)
	args, isTuple := arguments.(tuple)
	switch {
	case !isName || !isTuple:
		return nil, fmt.Errorf("the pickle calls a %s with a %s", kind(callee), kind(arguments))
	case n == name{collections, "OrderedDict"} && len(args) == 0:
		return &dict{}, nil
	case n == name{torch, "Size"} && len(args) == 1:
		return args[0], nil
	case n == name{torchUtils, "_rebuild_parameter"} && len(args) >= 1:
		return args[0], nil
	case (n == name{torchUtils, "_rebuild_tensor_v2"} || n == name{torchUtils, "_rebuild_tensor"}) && len(args) >= 4:
		return rebuild(args)
	}
	return nil, fmt.Errorf("the pickle calls %s with %d arguments", n, len(args))
}

// rebuild makes a tensor of storage, offset, size and stride.
func rebuild(args tuple) (any, error) {
	s, ok := args[0].(storage)
	if !ok {
		return nil, fmt.Errorf("a tensor is made of a %s instead of a storage", kind(args[0]))
	}
	offset, ok := args[1].(int64)
	if !ok || offset < 0 || offset > s.values {
		return nil, errors.New("a tensor begins outside of its storage")
	}
	shape, err := integers(args[2])
	if err != nil {
		return nil, fmt.Errorf("the size of a tensor: %w", err)
	}
	strides, err := integers(args[3])
	if err != nil {
		return nil, fmt.Errorf("the stride of a tensor: %w", err)
	}
	if len(shape) != len(strides) {
		return nil, errors.New("a tensor has sizes and strides of different number")
	}
	t := tensor{storage: s, offset: offset, shape: make([]int, len(shape)), order: make([]int, len(shape))}
	for i := range t.order {
		t.order[i] = i
	}
	slices.SortStableFunc(t.order, func(a, b int) int { return cmp.Compare(strides[b], strides[a]) })
	empty := slices.Contains(shape, 0)
	values := int64(1)
	for _, i := range slices.Backward(t.order) {
		n := shape[i]
		if n < 0 || n != 0 && values > math.MaxInt64/8/n {
			return nil, fmt.Errorf("a tensor has the impossible size %v", shape)
		}
		if n > 1 && strides[i] != values && !empty {
			return nil, fmt.Errorf("a tensor of size %v has the stride %v: there is room between its values, which is not supported (save it with .contiguous())", shape, strides)
		}
		values *= n
		t.shape[i] = int(n)
	}
	if values > s.values-offset {
		return nil, fmt.Errorf("a tensor of size %v ends outside of its storage", shape)
	}
	return t, nil
}

// maxRank is the number of dimensions that a tensor can have in torch.
const maxRank = 64

func integers(v any) ([]int64, error) {
	values, ok := v.(tuple)
	if !ok || len(values) > maxRank {
		return nil, fmt.Errorf("is a %s", kind(v))
	}
	out := make([]int64, len(values))
	for i, v := range values {
		if out[i], ok = v.(int64); !ok {
			return nil, fmt.Errorf("has a %s", kind(v))
		}
	}
	return out, nil
}

// storageOf reads a persistent id: ("storage", class, key, device, values), and
// in the format of torch before 1.6 a sixth that is None.
func storageOf(id any) (any, error) {
	t, ok := id.(tuple)
	if !ok || len(t) < 5 || t[0] != "storage" {
		return nil, errors.New("the pickle names something outside of it that is not a storage")
	}
	class, isName := t[1].(name)
	key, isText := t[2].(string)
	values, isNumber := t[4].(int64)
	dtype, known := dtypes[class.name]
	if !isName || !isText || !isNumber || !known || class.module != torch {
		return nil, errors.New("the pickle names a storage of an unknown kind")
	}
	if values < 0 || values > math.MaxInt64/8 {
		return nil, fmt.Errorf("storage %.200q has %d values", key, values)
	}
	if len(t) > 5 && t[5] != nil {
		return nil, fmt.Errorf("storage %.200q is part of another one, which is not supported", key)
	}
	return storage{key: key, dtype: dtype.name, width: dtype.width, values: values}, nil
}

// tensorsOf returns the tensors of a state dictionary.
func tensorsOf(v any) (map[string]tensor, error) {
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("the pickle is a %s instead of a state dictionary", kind(v))
	}
	tensors := make(map[string]tensor)
	for i, key := range d.keys {
		named, isText := key.(string)
		if t, isTensor := d.values[i].(tensor); isText && isTensor {
			tensors[named] = t
		}
	}
	if len(tensors) == 0 {
		return nil, errors.New("the state dictionary has no tensors")
	}
	return tensors, nil
}
