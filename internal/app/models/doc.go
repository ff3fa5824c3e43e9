// Package models has the commands that use one classifier and run no pipes.
//
// They build a single service, without a configuration or from one (standalone.go).
// [Classify] labels texts with it; [Pull], [List] and [Verify] manage its models through
// the optional interface [Store].
package models
