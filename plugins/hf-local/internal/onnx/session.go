package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// Session is a loaded model. It is safe for concurrent use.
type Session struct {
	path    string
	session *ort.DynamicAdvancedSession
	inputs  []ort.InputOutputInfo
	labels  int // 0 where the file leaves it open
}

// what a classifier may read, and what is put there for a token and for padding.
const (
	inputIDs  = "input_ids"
	inputMask = "attention_mask"
	inputType = "token_type_ids"
)

// Load loads the ONNX file at path. It must read input_ids, and may read
// attention_mask and token_type_ids, all of [batch, sequence] in int64 or int32; its
// output logits, else its first output, is [batch, labels] in float32.
func (r *Runtime) Load(path string, threads int) (*Session, error) {
	s, err := r.load(path, threads)
	if err != nil {
		return nil, fmt.Errorf("ONNX model %s: %w", path, err)
	}
	return s, nil
}

func (r *Runtime) load(path string, threads int) (*Session, error) {
	if err := checkFiles(path); err != nil {
		return nil, err
	}
	inputs, outputs, err := describe(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, in := range inputs {
		switch in.Name {
		case inputIDs, inputMask, inputType:
		default:
			return nil, fmt.Errorf("input %q is unknown; a classifier reads %s, %s and %s", in.Name, inputIDs, inputMask, inputType)
		}
		if in.DataType != ort.TensorElementDataTypeInt64 && in.DataType != ort.TensorElementDataTypeInt32 {
			return nil, fmt.Errorf("input %q is of type %v; supported are int64 and int32", in.Name, in.DataType)
		}
		names = append(names, in.Name)
	}
	if !slices.Contains(names, inputIDs) {
		return nil, fmt.Errorf("its inputs are %q; %s is missing", names, inputIDs)
	}
	if len(outputs) == 0 {
		return nil, errors.New("it has no output")
	}
	out := outputs[max(0, slices.IndexFunc(outputs, func(o ort.InputOutputInfo) bool { return o.Name == "logits" }))]
	if out.DataType != ort.TensorElementDataTypeFloat || len(out.Dimensions) != 2 {
		return nil, fmt.Errorf("output %q is of type %v and shape %v; a classifier has float32 and [batch, labels]", out.Name, out.DataType, out.Dimensions)
	}
	o, err := options(threads)
	if err != nil {
		return nil, err
	}
	session, err := ort.NewDynamicAdvancedSession(path, names, []string{out.Name}, o)
	if err = errors.Join(err, o.Destroy()); err != nil {
		return nil, err
	}
	return &Session{path: path, session: session, inputs: inputs, labels: int(max(0, out.Dimensions[1]))}, nil
}

// describe returns the inputs and outputs of a file. It loads the graph as it
// stands, without the time that optimizing it would take.
func describe(path string) (inputs, outputs []ort.InputOutputInfo, err error) {
	o, err := options(1)
	if err != nil {
		return nil, nil, err
	}
	if err = o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err == nil {
		inputs, outputs, err = ort.GetInputOutputInfoWithOptions(path, o)
	}
	return inputs, outputs, errors.Join(err, o.Destroy())
}

// Labels returns how many logits a sequence gets, or 0 when only a run will show.
func (s *Session) Labels() int { return s.labels }

// Run computes the logits of sequences in one run. The shorter ones are padded to
// the longest and masked. It breaks off when ctx ends.
func (s *Session) Run(ctx context.Context, sequences [][]int32) ([][]float32, error) {
	logits, err := s.run(ctx, sequences)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("ONNX model %s: %w", s.path, err)
	}
	return logits, nil
}

func (s *Session) run(ctx context.Context, sequences [][]int32) (logits [][]float32, err error) {
	if len(sequences) == 0 || ctx.Err() != nil {
		return nil, ctx.Err()
	}
	longest := 0
	for _, q := range sequences {
		longest = max(longest, len(q))
	}
	shape := ort.NewShape(int64(len(sequences)), int64(longest))
	var values []ort.Value
	defer func() {
		for _, v := range values {
			err = errors.Join(err, v.Destroy())
		}
	}()
	for _, in := range s.inputs {
		v, err := tensor(in, shape, sequences, longest)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	run, err := ort.NewRunOptions()
	if err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		_ = run.Terminate() // fails only for options that were freed
	})
	outputs := []ort.Value{nil}
	err = s.session.RunWithOptions(values, outputs, run)
	if !stop() {
		<-stopped
	}
	if err = errors.Join(err, run.Destroy()); err != nil {
		return nil, err
	}
	values = append(values, outputs[0])
	out, ok := outputs[0].(*ort.Tensor[float32])
	if !ok {
		return nil, fmt.Errorf("the output is %T, not float32", outputs[0])
	}
	got := out.GetShape()
	if len(got) != 2 || got[0] != shape[0] || got[1] < 1 {
		return nil, fmt.Errorf("the output has shape %v for %d texts", got, len(sequences))
	}
	labels := int(got[1])
	for i := range sequences {
		logits = append(logits, slices.Clone(out.GetData()[i*labels:][:labels]))
	}
	return logits, nil
}

func tensor(in ort.InputOutputInfo, shape ort.Shape, sequences [][]int32, longest int) (ort.Value, error) {
	if in.DataType == ort.TensorElementDataTypeInt32 {
		return filled[int32](in.Name, shape, sequences, longest)
	}
	return filled[int64](in.Name, shape, sequences, longest)
}

func filled[T int32 | int64](name string, shape ort.Shape, sequences [][]int32, longest int) (ort.Value, error) {
	data := make([]T, len(sequences)*longest)
	for i, q := range sequences {
		row := data[i*longest:]
		for j, id := range q {
			switch name {
			case inputIDs:
				row[j] = T(id)
			case inputMask:
				row[j] = 1
			}
		}
	}
	return ort.NewTensor(shape, data)
}

// Close frees the model; no run may be going on.
func (s *Session) Close() error { return s.session.Destroy() }
