// Package loader takes plugins from files into the registry.
//
// # Stages
//
// Each stage has a source file of its name:
//
//	discover   otai_*.so in the plugin folders; who shadows or conflicts with whom
//	verify     owners, checksum, signature; a private copy, so that what is checked is what is opened
//	preflight  read the copy, run nothing: could this process open it?
//	probe      a child process opens it and reports what it is, or dies in this one's place
//	admit      versions, and names that nobody else has
//	open       plugin.Open, CreatePlugin, and all of its injectables into the registry, or none
//
// # Order
//
// All files go through the stages up to admit before the first one is opened (see
// plan.go): each is judged against the host and the accepted ones before it, in
// the order of the configuration, then by name. A host calls [ServeProbe] first of
// all in its main, since the probe is the host's own binary.
//
// # Errors
//
// Each stage ends in the next one or in an [*Error] with the stage, a code that
// programs can rely on, the cause and, where there is one, the fix. What is
// wrong with one plugin never stops another: [Load] reports every file that it met, as
// loaded, rejected or disabled, and fails itself only where nothing can be loaded
// at all.
//
// A file that was handed to plugin.Open stays in the process for good, so the
// package remembers these files and never opens one twice.
package loader
