//go:build matters

package api

// Tagged is there only with a build tag.
const Tagged = true
