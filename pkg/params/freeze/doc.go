// Package freeze makes values that come from a plugin's code safe to keep and to show.
//
// The methods of a value, such as the Error, Is or Unwrap of an error, belong to whoever
// declared its type. Those of a plugin's type can panic, block, or answer something else each
// time, and they would do so wherever the host logs or compares the error, long after the call
// that returned it. So a host asks once, where the value comes in:
//
//   - [Call] runs code of a plugin in a goroutine of its own (call.go). A panic, a
//     runtime.Goexit and, with a limit, a call that doesn't return become errors.
//   - [Error] makes of an error one whose text and kinds are data (error.go). One whose types
//     are known stays as it is (known.go), which is what most errors are.
//   - [Text] is what fmt would print of any value.
//
// For the data of results there is params.PlainCopy.
package freeze
