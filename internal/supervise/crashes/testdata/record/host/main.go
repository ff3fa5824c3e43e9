// A host opens a plugin and has it end this process. Its trace goes to the file that is named.
package main

import (
	"os"
	"plugin"
	"runtime/debug"
	"syscall"
	"time"
)

func main() {
	file, err := os.Create(os.Args[2])
	if err == nil {
		err = debug.SetCrashOutput(file, debug.CrashOptions{})
	}
	if err != nil {
		panic(err)
	}
	opened, err := plugin.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	crash, err := opened.Lookup("Crash")
	if err != nil {
		panic(err)
	}
	crash.(func(string))(os.Args[3])
	if os.Args[3] == "frozen" {
		time.Sleep(300 * time.Millisecond)
	} else {
		time.Sleep(20 * time.Second)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGABRT) // it is frozen
	time.Sleep(time.Second)
}
