// Package filters has the filters, one file for each family: select.go (map, select,
// reject, selectattr, rejectattr), sort.go (sort, dictsort, unique, groupby, min, max),
// list.go (first, join, batch, sum and others), number.go (round, int, float, abs),
// text.go (upper, trim, replace, default and others), layout.go (truncate, center,
// indent, filesizeformat), html.go (escape, striptags, xmlattr), json.go (tojson) and one
// each for urlize, wordwrap and pprint. [All] puts them together.
package filters
