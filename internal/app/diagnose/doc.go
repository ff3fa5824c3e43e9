// Package diagnose checks a configuration: [Validate] offline, [Doctor] online as well.
//
// Both prepare it as a run does and report [config] and [Diagnostic] values with
// positions. Validate adds warnings about environment variables (unset.go) and models
// (models.go) that are not there. Doctor loads the models (doctor_models.go) and lets each
// ticket system check the names that the configuration gives it (doctor_names.go).
package diagnose
