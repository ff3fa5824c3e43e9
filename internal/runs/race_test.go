//go:build race

package runs

const raceDetector = true
