package decisions

import "context"

// Sink hears what the pipe that is called with its context has decided. It knows which step
// that is. Its methods are for many goroutines at once.
type Sink interface {
	Classified(c Classification)
	Decided(p Pipe)
}

type sinkKey struct{}

// With makes s the sink of the calls with the returned context.
func With(ctx context.Context, s Sink) context.Context {
	return context.WithValue(ctx, sinkKey{}, s)
}

// Classified says what a model has said, without step and place.
func Classified(ctx context.Context, c Classification) {
	if s, ok := ctx.Value(sinkKey{}).(Sink); ok {
		s.Classified(c)
	}
}

// Decided says what a pipe has decided, without step and place.
func Decided(ctx context.Context, p Pipe) {
	if s, ok := ctx.Value(sinkKey{}).(Sink); ok {
		s.Decided(p)
	}
}
