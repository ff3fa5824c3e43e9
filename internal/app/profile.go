package app

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"runtime/pprof"
	"strconv"
	"time"
)

const longestProfile = 30 * time.Second

// profile makes one of this process, of which there is one at a time.
func profile(ctx context.Context, args []byte) ([]byte, error) {
	values, err := url.ParseQuery(string(args))
	if err != nil {
		return nil, fmt.Errorf("reading which profile is meant: %w", err)
	}
	var out bytes.Buffer
	name := values.Get("name")
	if name != "profile" {
		p := pprof.Lookup(name)
		if p == nil {
			return nil, fmt.Errorf("there is no profile %q", name)
		}
		err := p.WriteTo(&out, 0)
		return out.Bytes(), err
	}
	seconds, err := strconv.Atoi(values.Get("seconds"))
	if err != nil || seconds < 1 {
		seconds = 10
	}
	if err := pprof.StartCPUProfile(&out); err != nil {
		return nil, err
	}
	defer pprof.StopCPUProfile()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(min(time.Duration(seconds)*time.Second, longestProfile)):
	}
	pprof.StopCPUProfile()
	return out.Bytes(), nil
}
