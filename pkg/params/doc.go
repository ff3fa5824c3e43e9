// Package params reads params structs.
package params

import _ "github.com/open-ticket-ai/otai/pkg/api"
