// Command messagetext reports code that decides something by the text of a message:
// strings.Contains(err.Error(), …) and the like. A text is for people and changes with
// its wording; a program asks errors.Is, errors.As, a code or a field.
//
// Usage: messagetext PACKAGE…, in the folder of a module.
//
// Where another program's text is all there is, a comment on the line or the one above
// says so, with the reason:
//
//	//messagetext:allow the kernel says nothing else of it
package main

import "golang.org/x/tools/go/analysis/singlechecker"

func main() { singlechecker.Main(analyzer) }
