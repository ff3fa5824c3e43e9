// Package budget bounds one rendering. [Limits] exist because ticket text, which
// strangers write, flows through templates; a [Budget] is what one rendering may still
// use of them. Whatever loops, recurses or builds text asks it first. Elsewhere its variable
// is called r, for the rendering, like that of a runtime.State, which has a Budget.
package budget
