// Package hub brings a model's files onto this machine and finds them there.
//
// A [Hub] takes a folder, or the name of a model at HuggingFace with an optional
// revision, ORG/NAME@REVISION. In the order of the work:
//
//   - [Reference] is a name that was understood;
//   - [Cache] is the folder that Python's huggingface_hub keeps, at the same place
//     and of the same form, so that either uses what the other downloaded;
//   - [Want] chooses, among the files of a model, those that a classifier needs;
//   - the client asks the server: redirects, token, repetition, and an error that
//     says what to do for each response;
//   - a blob is downloaded beside its place, continued where an earlier process
//     was killed, checked against its checksum, and only then moved there;
//   - [Hub.Ensure] and [Hub.Pull] put the blobs together to a model, [Hub.List]
//     and [Hub.Verify] look at what is there.
//
// In the cache a model ORG/NAME is the folder models--ORG--NAME. Its blobs/ETAG
// have the contents, snapshots/COMMIT/FILE are relative links to them, and
// refs/REVISION names the commit of a branch or tag. ETAG is the SHA-256 of a
// large file and the git blob SHA-1 of a small one.
//
// A model that is complete in the cache needs no network, ever: only [Hub.Pull]
// asks for a newer one.
package hub
