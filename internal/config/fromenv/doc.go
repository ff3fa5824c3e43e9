// Package fromenv writes the configuration for the settings of Open Ticket AI 2.0,
// which are environment variables: one fixed pipeline, with all that can be set.
//
// settings.go reads the variables, values.go makes values of the configuration of them,
// and [Write] puts these into fromenv.yml. It also reports what became of each
// variable.
package fromenv
