package main

// NewRoot lets the tests walk over all commands.
var NewRoot = newRoot
