package main

import "unsafe"

// wild is an address that is made of text.
func wild() unsafe.Pointer {
	text := [8]byte{}
	copy(text[:6], password)
	return *(*unsafe.Pointer)(unsafe.Pointer(&text))
}
