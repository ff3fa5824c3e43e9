// Package hub finds a model's folder on this machine.
//
// [Cache.Find] takes a path of a folder, or the name of a model at HuggingFace,
// which it seeks in the cache that huggingface_hub keeps, at the place where
// huggingface_hub would look: so what Python downloaded is there. It downloads
// nothing itself.
//
// In the cache a model ORG/NAME is the folder models--ORG--NAME; its file
// refs/main holds the revision, and snapshots/REVISION the model.
package hub
