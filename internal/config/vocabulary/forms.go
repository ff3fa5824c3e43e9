package vocabulary

// The words for logging.
var (
	LogLevels  = []string{"trace", "debug", "info", "warn", "error", "fatal", "panic", "disabled"}
	LogFormats = []string{"auto", "console", "json"}
	// OtherLogLevels are the level names of Open Ticket AI, and of people, for those.
	OtherLogLevels = map[string]string{"warning": "warn", "critical": "fatal", "notset": "trace", "off": "disabled", "none": "disabled"}
)

// InitSideEffects are what becomes of a plugin that changes its process while it is opened.
var InitSideEffects = []string{"warn", "refuse"}

// Patterns of values, in what all dialects of regular expressions know.
const (
	// SHA256Pattern is a SHA-256 sum in hexadecimal.
	SHA256Pattern = `^[0-9a-fA-F]{64}$`
	// DatabaseSchemaPattern is the name of a schema of PostgreSQL that needs no quotes, and
	// is short enough for what is named after it.
	DatabaseSchemaPattern = `^[a-z_][a-z0-9_]{0,45}$`
	// VariablePattern is a reference to a variable without a default.
	VariablePattern = `\$\{[A-Za-z_][A-Za-z0-9_]*\}`
	// ReferencePattern is a text with ${NAME} or ${file:PATH} in it.
	ReferencePattern = `\$\{([A-Za-z_][A-Za-z0-9_]*(:-[^{}]*)?|file:([^{}]|` + VariablePattern + `)+)\}`
)
