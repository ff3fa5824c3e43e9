// Package loader takes plugins from files into the registry.
//
// The way of a file, one source file for each stage:
//
//	discover   otai_*.so in the plugin folders; who shadows or conflicts with whom
//	verify     a private copy under its sha256, so that what is checked is what is opened
//	preflight  read the copy, run nothing: could this process open it?
//	open       plugin.Open, CreatePlugin, and what it describes, all under recover
//	admit      versions, and all of its injectables into the registry, or none
//
// Between preflight and open there is a place for the probe, a child process
// that opens the file first; admit will then come before open.
//
// Each stage ends in the next one or in an [*Error] with the stage, a code that
// programs can rely on, the cause and, where there is one, the remedy. One
// plugin's failure never stops another: [Load] reports every file that it met, as
// loaded, rejected or disabled, and fails itself only where nothing can be loaded
// at all.
//
// A file that was handed to plugin.Open stays in the process for good, so the
// package remembers these files and never opens one twice.
package loader
