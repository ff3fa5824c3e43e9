// Package loader loads plugins from their files into the registry.
//
// # The host's part
//
// A host calls [ServeProbe] first in its main, because it runs its own binary in child
// processes that try plugins. Then it calls [Load] once, or [Inspect] to learn what Load
// would do without opening a plugin in its own process.
//
// # Stages
//
// Each file passes through these stages, in this order; each has a source file with its
// name:
//
//	discover   find otai_*.so in the plugin folders, and duplicate names and prefixes
//	verify     check owners, checksum and signature of a private copy, which is then what is opened
//	preflight  read the copy without running it: could this process open it?
//	probe      a child process opens it and reports what it offers, or crashes instead of this one
//	admit      check versions, and names that another plugin has
//	open       plugin.Open, CreatePlugin, then register everything it offers, or nothing
//
// # Order
//
// All files pass through the stages up to admit before the first one is opened. Each is
// checked against the host and the files accepted before it, in the order of
// [Options].Policies, then by name.
//
// # Errors
//
// A stage that rejects a file returns an [*Error] with the stage, a code that programs
// can rely on, the cause and, if there is one, the fix. One rejected plugin never stops
// another: [Load] reports every file that it found, as loaded, rejected or disabled, and
// returns an error only if no plugin can be loaded at all.
//
// # Trust
//
// A plugin can do everything that its host can. So a file is used only if nobody but
// root and the user of the process could have written it ([CheckPath] explains the
// rule), and if the keys in [Options].TrustedKeys require it, only with a signature.
//
// # What stays in the process
//
// A file that was passed to plugin.Open stays in the process until it ends, even if
// opening it failed. The package remembers these files and never opens one twice.
package loader
