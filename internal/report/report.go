package report

// Report is what is laid out, in this order.
type Report struct {
	Title  string
	Lead   []string // paragraphs
	Facts  []Fact
	Parts  []string // names of parts, in the order of colors: these have the same ones in all reports
	Charts []Chart
	Tables []Table
	Foot   []string // paragraphs
}

// Fact is one figure with its name.
type Fact struct{ Name, Value string }

// Chart is one of horizontal bars.
type Chart struct {
	Title string
	Unit  string // what is counted, in the plural
	Bars  []Bar
}

// Bar is one bar, of one or several parts.
type Bar struct {
	Label string
	Value string // that is written at it; "": the sum of its parts
	Parts []Part
}

// Part is a part of a bar. Those of the same name have the same color in all charts.
type Part struct {
	Name  string // "" where the bar has only one
	Count float64
}

// Table is a table. One without rows isn't shown.
type Table struct {
	Title   string
	Lead    string
	Columns []Column
	Rows    [][]Cell
	Long    bool // it is left out of the text for a terminal
}

// Column is a column of a table.
type Column struct {
	Name   string
	Number bool // its cells are figures
	Short  bool // its cells are short: they stay in one line
}

// Cell is a cell of a table.
type Cell struct {
	Text string
	Link string // an address; others than http and https are not linked
	Kind string // "": as it is; the name of a part: marked in its color
}
