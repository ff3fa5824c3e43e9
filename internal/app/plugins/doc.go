// Package plugins has the commands about plugin files and what they offer.
//
// [List], [Check] and [Inspect] judge plugin files as a run would, and open none in this
// process. [MakeReport] and [Retry] are for those that ended otai. [Build] and [New] are for authors, [GenerateKeys], [Sign] and [Verify] for
// signatures. [Schema] and [Reference] describe all that the plugins offer.
package plugins
