package params

// The labels to which the host gives a meaning. An author sets them on what a plugin
// offers, with [api.Injectable.WithLabel]; the host treats its own pipes by the same
// labels and by nothing else, so that a plugin's sequence, trigger or ticket system
// gets the same checks. Without a label nothing is assumed, and nothing is reported.
//
// Where a label names a param, it is one of the pipe's own, by its key.
const (
	// LabelExample is an example of the params, as a JSON object. The conformance kit
	// decodes it.
	LabelExample = "example"

	// LabelYields lists the keys of a pipe's result, separated by commas, each as KEY
	// or KEY:KIND with the kind text, number, fraction (a number from 0 to 1) or bool.
	// It is "" for a result without data and "*" for any keys. A template that asks
	// for another key, or compares with a value of another kind, is reported.
	LabelYields = "yields"

	// LabelChildren says what the pipes in a pipe's params see, in the words
	// [ChildrenSequence], [ChildrenSeparate] and [ChildrenParentParams], separated by
	// commas. With it, names in the children's templates that nothing gives are
	// reported.
	LabelChildren = "children"

	// LabelTriggeredBy names the param with the child pipe that decides whether the
	// other children run.
	LabelTriggeredBy = "triggered-by"

	// LabelInterval names a trigger's param with the shortest time between two of its
	// successes.
	LabelInterval = "interval"

	// LabelPause names the param with the pause between two cycles of a pipe that runs
	// its children again and again, as the orchestrator does.
	LabelPause = "pause"

	// LabelUpdates names the param with the update of a ticket that a pipe sends, which
	// has the keys of [api.TicketUpdate].
	LabelUpdates = "updates"

	// LabelAddsNote names the param with the note that a pipe adds to a ticket.
	LabelAddsNote = "adds-note"

	// LabelSearchFields, LabelUpdateFields and LabelNoteFields list which names a
	// ticket system takes below fields: of a search, of an update and of a note,
	// separated by commas. A name that ends with * stands for all that begin so.
	LabelSearchFields = "search-fields"
	LabelUpdateFields = "update-fields"
	LabelNoteFields   = "note-fields"

	// LabelOpenTickets is what to write as the fields: of a search so that a ticket
	// system finds nothing but open tickets, such as "{ Closed: no }". It is
	// recommended for a search that names no states.
	LabelOpenTickets = "open-tickets"

	// LabelLanguage names the language of a template renderer. Only templates in
	// [LanguageJinja] are checked before they run.
	LabelLanguage = "language"
)

// The words of [LabelChildren].
const (
	// ChildrenSequence: the children run in order, and each sees the results of those
	// before it.
	ChildrenSequence = "sequence"
	// ChildrenSeparate: no child sees the result of another one.
	ChildrenSeparate = "separate"
	// ChildrenParentParams: as parent params, the children see those of the pipe around
	// theirs as well.
	ChildrenParentParams = "parent-params"
)

// LanguageJinja is the host's own template language, as a [LabelLanguage].
const LanguageJinja = "jinja"
