// Package catalog is what plugins offer, as a configuration sees it: [Component] is plain
// data about one service or pipe, with what its labels say, and [Catalog] finds it by its
// use. The checks and the editors' schema are made from these.
package catalog
