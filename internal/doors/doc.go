// Package doors lets others see how otai is, and ask things of it, in the supervisor's process,
// which answers whether there is a worker or not.
//
// [Doors] answers (answers.go): what only the worker knows, it asks that for a moment, and says the
// rest itself. The first door is a socket in the state folder (socket.go), for the user whose
// otai it is and root; [Client] is its other side (client.go).
package doors
