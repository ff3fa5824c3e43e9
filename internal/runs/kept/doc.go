// Package kept makes of a step's result, and of a loop's item, what the run store keeps of
// it, and the way back.
//
// The tickets that a search claimed are taken out of its result and stored once each, as
// documents to which the result refers: later results have the same tickets in them, and
// each is forgotten when its ticket is.
//
// What has a secret in it, or is too large, isn't stored. Its step is evaluated again after
// an interruption.
package kept
