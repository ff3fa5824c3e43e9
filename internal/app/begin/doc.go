// Package begin is `otai init`: from the address of a help desk to a first configuration
// that changes nothing but leaves notes.
//
// [Run] has the story in order. It asks for what flags didn't say (questions.go), tests the
// address, the login and the reading as doctor does (connect.go), looks at some hundred tickets
// for queues, since the web service has no list of them (look.go), lets a model be chosen
// (model.go), proposes a queue, or a priority, for each of its labels (match.go), asks for the rights, and
// writes config.yml and .env, both or none (write.go). Until then nothing is written, here or
// in the help desk.
package begin
