// Package budget bounds one rendering. [Limits] exist because ticket text, which
// strangers write, flows through templates; a [Budget] is what one rendering may still
// use of them. Whatever loops, recurses or builds text asks it first.
package budget
