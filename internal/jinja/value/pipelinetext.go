package value

// PipelineText is a text that came from the pipeline: a ticket's, a result's, a param's.
// It has the type that it was given there. Unlike in Jinja2 it is not read as
// a literal: a ticket about "12345" or "None" must not turn into a number or into
// nothing. What a template writes is read, as in "['{{ label }}']", and so is what
// it formats.
type PipelineText string
