// Package support packs what somebody who helps needs to know of an otai into one file.
//
// [Make] collects part after part (parts.go): versions, the configuration, what the service that
// runs says of itself, plugins, figures of the store, the end of the log, deaths of workers. A part
// that can't be had is named in the archive and keeps no other one out of it.
//
// The configuration is written anew from its values (configuration.go), so that what is left out of
// it is decided value by value. Whatever a part has, all secrets that are known go from it when it is
// packed (archive.go). No part reads what the store keeps of a ticket.
package support
