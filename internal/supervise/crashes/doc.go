// Package crashes is what the state folder keeps of workers that died: their traces, one
// record of each death, and what is known of each plugin file by its content.
//
// A worker makes a file for its trace ([Create]) before it opens a plugin, and Go writes there what ends it. The
// supervisor, which saw it die, looks in the trace for the plugin whose function comes first
// ([Name]), writes the record of the [Death] beside it, and notes in the [Memory] whom it
// names. A plugin that the memory refuses isn't opened until `otai plugin retry` clears it.
//
// Traces and causes hold what plugins and Go wrote, secrets perhaps, and texts of customers. They
// are kept as they are, for their owner alone. [Share] returns what of them others may see,
// and whoever shows that takes the secrets out.
package crashes
