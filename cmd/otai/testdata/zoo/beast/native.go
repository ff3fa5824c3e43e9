package main

/*
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
#include <linux/filter.h>

// Overwritten as the one of Go is.
static volatile char native_mark[] = "the kind of this beast: ................................";

static int probed(void) {
	char line[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = read(fd, line, sizeof line - 1);
	close(fd);
	if (n <= 0) return 0;
	line[n] = 0;
	char *second = line + strlen(line) + 1;
	return second < line + n && strcmp(second, "__probe-plugin") == 0;
}

static int is(const char *kind) {
	const char *name = (const char *)native_mark + strlen("the kind of this beast: ");
	return strncmp(name, kind, strlen(kind)) == 0 && name[strlen(kind)] == '.';
}

// Code that runs before any Go of the plugin does.
__attribute__((constructor)) static void constructed(void) {
	if (is("constructor-aborts") && !probed()) abort();
	if (is("constructor-forks") && !probed() && fork() == 0) { for (;;) pause(); }
}

// And after the last one.
__attribute__((destructor)) static void destructed(void) {
	if (is("destructor-crashes")) *(volatile int *)0 = 1;
}

static void quits(int code) { _exit(code); }
static void leaves(int code) { exit(code); }
static void aborts(void) { abort(); }
static void crashes(void) { *(volatile int *)8 = 1; }
static void spins(void) { for (volatile unsigned long n = 0;; n++); }
static void forks(void) {
	pid_t first = fork();
	if (first == 0) {
		setsid();
		if (fork() == 0) for (;;) pause();
		_exit(0);
	}
	waitpid(first, 0, 0);
}
static void *crashing(void *unused) { usleep(300 * 1000); *(volatile int *)8 = 1; return 0; }
static void crashes_in_thread(void) { pthread_t t; pthread_create(&t, 0, crashing, 0); }
static void *waiting(void *unused) { for (;;) pause(); return 0; }
static void threads(int n) { while (n-- > 0) { pthread_t t; pthread_create(&t, 0, waiting, 0); } }
static void ignores(int s) { struct sigaction a = {0}; a.sa_handler = SIG_IGN; sigaction(s, &a, 0); }
static void defaults(int s) { struct sigaction a = {0}; a.sa_handler = SIG_DFL; sigaction(s, &a, 0); }
static void swallow(int s) { }
static void swallows(int s) { struct sigaction a = {0}; a.sa_handler = swallow; sigaction(s, &a, 0); }
static void alarmed(void) { defaults(SIGALRM); alarm(1); }
static void heap(void) { char *volatile p = malloc(24); free(p); free(p); }
static void forbids(void) {
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &p);
}
*/
import "C"

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func calling(f func()) func(context.Context, api.Host) {
	return func(context.Context, api.Host) { f() }
}

func starting(f func()) func(context.Context) error {
	return func(context.Context) error {
		f()
		return nil
	}
}

func closing(f func()) func() error {
	return func() error {
		f()
		return nil
	}
}

// later does it when the host has long been at work.
func later(f func()) func(context.Context) error {
	return starting(func() { time.AfterFunc(700*time.Millisecond, once(f)) })
}

var _ = also(map[string]act{
	"constructor-aborts": {},
	"constructor-forks":  {},
	"probe-forks":        {open: func() { C.forks() }},
	"destructor-crashes": {},

	"open-quits":          {open: unseen(func() { C.quits(0) })},
	"open-ignores-in-c":   {open: unseen(func() { C.ignores(C.SIGTERM); C.ignores(C.SIGINT) })},
	"open-swallows-in-c":  {open: unseen(func() { C.swallows(C.SIGTERM); C.swallows(C.SIGINT); C.swallows(C.SIGHUP) })},
	"open-takes-sigsegv":  {open: unseen(func() { C.defaults(C.SIGSEGV); C.defaults(C.SIGPIPE) })},
	"open-takes-sigurg":   {open: unseen(func() { C.defaults(C.SIGURG); C.ignores(C.SIGCHLD) })},
	"open-starts-threads": {open: unseen(func() { C.threads(500) })},
	"build-aborts":        {build: func() (*service, error) { C.aborts(); return nil, nil }},
	"start-leaves":        {start: starting(func() { C.leaves(0) })},
	"start-forks":         {start: starting(func() { C.forks() })},
	"start-forbids-calls": {start: later(func() { C.forbids() })},
	"call-quits":          {call: calling(dying(func() { C.quits(0) }))},
	"call-crashes-in-c":   {call: calling(dying(func() { C.crashes() }))},
	"call-breaks-heap":    {call: calling(dying(func() { C.heap() }))},
	"call-spins-in-c":     {call: calling(func() { C.spins() })},
	"close-spins-in-c":    {close: closing(func() { C.spins() })},
	"close-forks":         {close: closing(func() { C.forks() })},
	"close-aborts":        {close: closing(func() { C.aborts() })},
	"later-crashes-in-c":  {start: later(func() { C.crashes_in_thread() })},
	"later-alarm":         {start: later(func() { C.alarmed() })},
})
