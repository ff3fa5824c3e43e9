package orchestrator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// digest is a hash over plain values: equal values have the same one, however their
// mappings are ordered.
type digest struct{ sum hash.Hash }

func newDigest() digest { return digest{sum: sha256.New()} }

// text is short enough for the name of a queue.
func (d digest) text() string { return hex.EncodeToString(d.sum.Sum(nil)[:16]) }

// word writes a text with its length, so that two texts are never the same as two others.
func (d digest) word(kind byte, text string) {
	head := strconv.AppendInt([]byte{kind}, int64(len(text)), 10)
	d.sum.Write(append(append(head, ':'), text...))
}

// ordered is a mapping that keeps its order, such as the configuration's.
type ordered interface {
	Keys() []string
	Get(key string) (any, bool)
}

func (d digest) value(v any) {
	switch x := v.(type) {
	case nil:
		d.word('n', "")
	case string:
		d.word('s', x)
	case bool:
		d.word('b', strconv.FormatBool(x))
	case int:
		d.word('i', strconv.Itoa(x))
	case int64:
		d.word('i', strconv.FormatInt(x, 10))
	case float64:
		d.word('f', strconv.FormatFloat(x, 'g', -1, 64))
	case []any:
		d.word('l', strconv.Itoa(len(x)))
		for _, element := range x {
			d.value(element)
		}
	case map[string]any:
		d.word('m', strconv.Itoa(len(x)))
		for _, key := range slices.Sorted(maps.Keys(x)) {
			d.word('k', key)
			d.value(x[key])
		}
	case ordered:
		keys := slices.Sorted(slices.Values(x.Keys()))
		d.word('m', strconv.Itoa(len(keys)))
		for _, key := range keys {
			element, _ := x.Get(key)
			d.word('k', key)
			d.value(element)
		}
	default:
		d.word('o', fmt.Sprint(x))
	}
}

// hashOf is the hash of a plain value.
func hashOf(v any) string {
	d := newDigest()
	d.value(v)
	return d.text()
}

// hash is the hash of the subtree as configured: a changed value anywhere in it changes
// it. How and when the pipes run is left out, and so are secrets.
func (n *node) hash() string {
	if n.hashed == "" {
		d := newDigest()
		d.word('u', n.use)
		d.word('d', n.id)
		d.value(n.injected())
		n.hashParams(d)
		n.hashFile(d)
		n.hashed = d.text()
	}
	return n.hashed
}

// boundHash is hash, and where not all is allowed that the subtree may do by its services, it is
// another one for each that is. That has no part in the names of runners and steps.
func (n *node) boundHash() string {
	allows := make(map[string]any)
	n.allows(allows)
	if len(allows) == 0 {
		return n.hash()
	}
	d := newDigest()
	d.word('h', n.hash())
	d.value(allows)
	return d.text()
}

// allows collects what is allowed of the services that the subtree uses, by id.
func (n *node) allows(all map[string]any) {
	n.engine.allows(n.injects, all)
	for _, c := range n.inner {
		c.node.allows(all)
	}
}

func (e *Engine) allows(injects map[string]string, all map[string]any) {
	for _, id := range injects {
		if s, ok := e.services[id]; ok {
			if s.Allows != "" {
				all[id] = s.Allows
			}
			e.allows(s.Injects, all) // in no circle: it was built
		}
	}
}

func (n *node) injected() map[string]any {
	injects := make(map[string]any, len(n.injects))
	for name, id := range n.injects {
		injects[name] = id
	}
	return injects
}

// hashParams writes the params in the order of their keys, each child by its own hash.
func (n *node) hashParams(d digest) {
	for _, key := range slices.Sorted(maps.Keys(n.raw)) {
		field := n.spec.Field(key)
		if n.raw[key] == nil || n.leftOut(key) || field != nil && field.Secret {
			continue
		}
		d.word('k', key)
		if !field.HoldsChildren() {
			d.value(n.raw[key])
			continue
		}
		for _, c := range n.inner {
			if c.param == key {
				d.word('c', c.place)
				d.word('h', c.node.hash())
			}
		}
	}
}

// Filer is optional on the params struct of a pipe of which a param names a file that is a
// part of the configuration, as the table of base:DecisionPipe is: a changed file is a
// changed pipe.
type Filer interface {
	// File returns the param and the name, "" for none. It is called on the params as they
	// are at the start, before templates.
	File() (param, name string)
}

// mostHashed bounds what is read of such a file.
const mostHashed = 64 << 20

// hashFile writes what is in the file that a param names. Of one that can't be read the pipe
// says so.
func (n *node) hashFile(d digest) {
	f, ok := n.fixed.(Filer)
	if !ok {
		return
	}
	var param, name string
	if err := n.ask(func() { param, name = f.File() }); err != nil || name == "" {
		return
	}
	if n.engine.options.ConfigDir != nil && !filepath.IsAbs(name) {
		name = filepath.Join(n.engine.options.ConfigDir(n.path+".params."+param), name)
	}
	if n.engine.options.Named != nil {
		if content, err := n.engine.options.Named(name); err == nil {
			sum := sha256.Sum256(content)
			d.word('c', param)
			d.word('s', hex.EncodeToString(sum[:]))
			return
		}
	}
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	content := sha256.New()
	if _, err := io.Copy(content, io.LimitReader(file, mostHashed)); err == nil {
		d.word('c', param)
		d.word('s', hex.EncodeToString(content.Sum(nil)))
	}
}

// leftOut is true for params that say when and how often the pipe runs, not what it does.
func (n *node) leftOut(key string) bool {
	if n.labels[params.LabelTriggeredBy] == key {
		return true
	}
	if key == "workers" || key == "retry" {
		_, runner := n.fixed.(Runner)
		_, loop := n.fixed.(Loop)
		return runner || loop
	}
	return false
}
