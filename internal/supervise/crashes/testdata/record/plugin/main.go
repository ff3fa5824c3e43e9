// A plugin that ends its process in every way that leaves a trace, and in some that don't.
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdlib.h>
static int read_at(int *at) { return *at; }
static void *wander(void *at) { *(int *)at = 1; return 0; }
static void in_thread(void) { pthread_t t; pthread_create(&t, 0, wander, 0); pthread_join(t, 0); }
static void give_up(void) { abort(); }
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"runtime/pprof"
	"strings"
	"syscall"
)

// What no report may have.
const (
	password = "tr0ub4dor-and-3"
	ticket   = "My landlord Mr. Quillfeather is ill\ngoroutine 1 [running]:\nexample.com/fake.Quillfeather(...)\n\t/Quillfeather.go:1 +0x1"
)

type letter struct {
	Title, Body string
}

type title string

type coded error

//go:noinline
func take(a, b string, t letter) string { return work(a, b, &t) }

//go:noinline
func work(a, b string, t *letter) string {
	switch a {
	case "text":
		panic(b + " " + t.Title)
	case "error":
		panic(coded(errors.New(b + ": " + t.Body)))
	case "struct":
		panic(*t)
	case "title":
		panic(title(t.Title))
	case "number":
		panic(len(b))
	case "nil":
		t = nil
	case "wild":
		return *(*string)(wild())
	case "again":
		defer func() { panic(title(recover().(error).Error() + t.Body)) }()
		panic(errors.New(b + t.Body))
	case "conversion":
		return any(t).(interface{ Quit() string }).Quit()
	case "closed":
		c := make(chan string)
		close(c)
		c <- b
	}
	return t.Title + t.Body
}

func overflow(text string, n int) int { return overflow(text[n:]+text[:n], n) + 1 }

func writeMap(m map[string]string) {
	for {
		m[password] = ticket
	}
}

// Crash ends the process so.
func Crash(kind string) {
	switch kind {
	case "overflow":
		go overflow(password, 1)
	case "map-writes":
		m := make(map[string]string)
		for range 4 {
			go writeMap(m)
		}
	case "cgo":
		go C.read_at(nil)
	case "thread":
		go C.in_thread()
	case "abort":
		go C.give_up()
	case "labels":
		go pprof.Do(context.Background(), pprof.Labels("ticket", ticket, "password", password), func(context.Context) { take("nil", password, letter{}) })
	case "frozen":
		go func() {
			for {
			}
		}()
	case "index":
		go deeper()
	case "exit":
		os.Exit(5)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "std":
		go strings.Repeat(password, -1)
	default:
		go take(kind, password, letter{ticket, ticket})
	}
}

func main() {}
