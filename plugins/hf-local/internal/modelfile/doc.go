// Package modelfile opens the files of a model, which may come from anybody: the
// only way by which this plugin reads them.
//
// Links are followed, since the HuggingFace cache consists of them. What they lead
// to has to be a regular file, so that a pipe or a device neither blocks nor goes
// on forever, and a file that is read whole has to be within the bound of its kind
// (bounds.go), so that it can't take all the memory. Weights are not read whole:
// their readers check what the header says against the file's size.
package modelfile
