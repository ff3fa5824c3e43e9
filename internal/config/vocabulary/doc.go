// Package vocabulary has the words of a configuration: the keys of its mappings, the
// pipes that it stands for where the author named none, the names that earlier versions
// used, and what people call all of these.
//
// keys.go lists the keys and says which of them a wrong one was meant to be; meant.go
// knows how people misspell them; otherkeys.go has the keys of other versions and
// products; uses.go has the names of pipes and services.
package vocabulary
