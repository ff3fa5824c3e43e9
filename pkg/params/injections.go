package params

import (
	"fmt"
	"reflect"
)

func (d *decoder) inject(need *Spec, v reflect.Value) {
	fail := func(err error) {
		d.report(badInjection(need, err)) // services stand beside the params
	}
	var service any
	if d.binder.Inject != nil {
		var err error
		if service, err = d.binder.Inject(need); err != nil {
			fail(err)
			return
		}
	}
	switch {
	case service != nil && reflect.TypeOf(service).Implements(need.typ):
		v.Set(reflect.ValueOf(service))
	case service != nil:
		fail(notImplemented(reflect.TypeOf(service), need.typ))
	case !need.Optional && !d.binder.Offline:
		fail(missingService(need))
	}
}

func notImplemented(service, need reflect.Type) error {
	words := ServiceWords(typeName(need))
	for i := range need.NumMethod() {
		wanted := need.Method(i)
		found, ok := service.MethodByName(wanted.Name)
		if !ok {
			return fmt.Errorf("the service is not %s: its plugin gives it no %s", words, wanted.Name)
		}
		// The receiver is the first input of a concrete type's method.
		if !sameSignature(found.Type, wanted.Type) {
			return fmt.Errorf("the service is not %s: its %s takes or returns something else, as if its plugin was built for another version of the contract", words, wanted.Name)
		}
	}
	return fmt.Errorf("the service is not %s", words)
}

func sameSignature(method, wanted reflect.Type) bool {
	if method.NumIn() != wanted.NumIn()+1 || method.NumOut() != wanted.NumOut() || method.IsVariadic() != wanted.IsVariadic() {
		return false
	}
	for i := range wanted.NumIn() {
		if method.In(i+1) != wanted.In(i) {
			return false
		}
	}
	for i := range wanted.NumOut() {
		if method.Out(i) != wanted.Out(i) {
			return false
		}
	}
	return true
}
