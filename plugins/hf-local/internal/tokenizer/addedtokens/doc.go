// Package addedtokens finds the tokens in a text that no model sees, such as [MASK].
//
//	vocabulary.go  which tokens there are, and their ids
//	finder.go      where they are in a text
package addedtokens
