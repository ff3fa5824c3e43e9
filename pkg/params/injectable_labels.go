package params

// The labels to which the host gives a meaning. An author sets them on a service or a
// pipe with [api.Injectable.WithLabel]. The host knows its own pipes by the same labels
// and by nothing else, so a plugin's sequence, trigger or ticket system gets the same
// checks. Without a label, nothing is assumed and nothing is reported.
//
// A plugin writes a label as text, because one that imports this package outside its
// tests, even for a constant, loads only in a host with exactly the same package.
//
// A label that names a param has its key as the value: one of the params of the same
// service or pipe, at the top level.
const (
	// LabelExample is an example of the params, as a JSON object. The conformance kit
	// (package plugintest) decodes it and builds the service or pipe with it.
	LabelExample = "example"

	// LabelYields lists the keys of a pipe's result, separated by commas, each as KEY
	// or KEY:KIND with the kind text, number, fraction (a number from 0 to 1) or bool:
	// "label:text,confidence:fraction". It is "" for a result without data and "*" for
	// any keys. A template that asks for another key is reported, and so is one that
	// compares the value with one of another kind.
	LabelYields = "yields"

	// LabelChildren says what the templates of a pipe's children see:
	// [ChildrenSequence] or [ChildrenSeparate], then, each after a comma,
	// [ChildrenParentParams] and [ChildrenParam] where they apply. Names of results and
	// parent params in these templates that don't exist are then reported. A value with
	// any other word says nothing.
	LabelChildren = "children"

	// LabelTriggeredBy names the param with the child pipe that decides, by success,
	// whether the other children run.
	LabelTriggeredBy = "triggered-by"

	// LabelInterval names a trigger's param with the shortest time between two of its
	// successes, a duration.
	LabelInterval = "interval"

	// LabelPause names the param with the pause between two cycles of a pipe that runs
	// its children again and again, as the orchestrator does: a duration. Together with
	// [LabelTriggeredBy] and [LabelInterval], a ticket system on another machine that is
	// asked more than once a second is reported.
	LabelPause = "pause"

	// LabelItems names the param with the items of a loop: a pipe whose params struct is an
	// orchestrator.Loop, and whose children run for each item as a run of its own. They see
	// what ran before the loop, except tickets that were fetched.
	LabelItems = "items"

	// LabelUpdates names the param with the update of a ticket that a pipe sends, which
	// has the keys of [api.TicketUpdate].
	LabelUpdates = "updates"

	// LabelAddsNote names the param with the note that a pipe adds to a ticket, which
	// has the keys of [api.Note].
	LabelAddsNote = "adds-note"

	// LabelSearchFields lists the names that a ticket system accepts under fields: of a
	// search ([api.SearchCriteria]), separated by commas. A name that ends with * stands
	// for all names that begin like it: "Queues,Locks,Custom_*". Others are reported.
	LabelSearchFields = "search-fields"
	// LabelUpdateFields does the same for fields: of an update ([api.TicketUpdate]).
	LabelUpdateFields = "update-fields"
	// LabelNoteFields does the same for fields: of a note ([api.Note]).
	LabelNoteFields = "note-fields"

	// LabelOpenTickets is what to write as the fields: of a search so that a ticket
	// system finds only open tickets, such as "{ Closed: no }". The host recommends it
	// for a search that names no states.
	LabelOpenTickets = "open-tickets"

	// LabelEffect says what a pipe does besides answering, for a run that is interrupted
	// and continues: [EffectNone] or [EffectOnce]. Without it, the pipe is called again as
	// with [EffectNone], and one behind a search for tickets is reported.
	LabelEffect = "effect"

	// LabelConcurrent is "true" on a pipe that may be called again while it runs, as
	// several workers do. It counts for pipes by [api.NewPipeFunc], and by [api.NewPipe] if
	// what is built is an [api.PipeFunc]; one instance of any other type is never run twice
	// at once.
	LabelConcurrent = "concurrent"

	// LabelBrief is "true" on a pipe that computes from its params alone, or does no more
	// than one write by an injected ticket system: calling it again costs nothing. A run
	// stores its result together with what comes next, not before the next step begins.
	LabelBrief = "brief"

	// LabelLanguage names the language of a template renderer, a service that is an
	// [api.TemplateRenderer]. Only templates in [LanguageJinja] are checked before they
	// run.
	LabelLanguage = "language"
)

// The values of [LabelChildren].
const (
	// ChildrenSequence says that the children run in order, and each sees the results
	// of those before it.
	ChildrenSequence = "sequence"
	// ChildrenSeparate says that no child sees the result of another one.
	ChildrenSeparate = "separate"
	// ChildrenParentParams says that the children also see, as parent params, those of
	// the pipe around their own. It stands after one of the two others: "sequence,parent-params".
	ChildrenParentParams = "parent-params"
	// ChildrenParam is followed by a name that the pipe gives to its children by
	// [api.Scope.WithParam], such as the item of a loop: "separate,param:item".
	ChildrenParam = "param:"
	// ChildrenParamIn is followed by the param whose value is such a name:
	// "sequence,param-in:as".
	ChildrenParamIn = "param-in:"
)

// The values of [LabelEffect].
const (
	// EffectNone says that nothing outside of otai changes, or only by an injected ticket
	// system: the pipe may be called any number of times.
	EffectNone = "none"
	// EffectOnce says that the pipe changes something outside that must not happen twice,
	// such as a message that it sends. A call with a known outcome is never repeated in its
	// run, and one that was interrupted is left to people.
	EffectOnce = "once"
)

// LanguageJinja is the value of [LabelLanguage] for the host's own template language.
const LanguageJinja = "jinja"
